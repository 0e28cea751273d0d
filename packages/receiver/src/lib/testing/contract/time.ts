import type { Clock } from '../../ports/clock'
import { fakeClock } from '../fake-clock'

/** A real wait is a little longer than was asked for: timers may fire early, and clocks be coarse. */
const MARGIN_MS = 25

/** How a law passes time. */
export interface Time {
  readonly clock: Clock
  pass(ms: number): Promise<void>
}

function fakeTime(): Time {
  const clock = fakeClock()
  return { clock, pass: (ms) => clock.advance(ms) }
}

/** Its timers keep the process alive, as those of the receiver's clock do not. */
function ownTime(): Time {
  const pass = (ms: number) =>
    new Promise<void>((resolve) => void setTimeout(resolve, ms + MARGIN_MS))
  return { clock: { now: () => Date.now(), sleep: pass }, pass }
}

export function timeOf(clock: 'fake' | 'own'): Time {
  return clock === 'fake' ? fakeTime() : ownTime()
}
