import { systemClock } from '../../clock'
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

/** Timers of its own: those of the system clock do not keep the process alive. */
function ownTime(): Time {
  const pass = (ms: number) =>
    new Promise<void>((resolve) => void setTimeout(resolve, ms + MARGIN_MS))
  return { clock: systemClock, pass }
}

export function timeOf(clock: 'fake' | 'own'): Time {
  return clock === 'fake' ? fakeTime() : ownTime()
}
