import { setMaxListeners } from 'node:events'
import { systemClock } from '../clock'
import type { Clock } from '../ports/clock'
import type { LazyTransport } from './lazy-transport'
import { createRunning, type Running } from './running'

const cutOffGraceMs = 1_000

/** How a worker comes to its end. */
export interface Shutdown {
  /** Aborted when a stop is asked for: nothing more is claimed. */
  readonly stopping: AbortSignal
  /** Whether the stop ran out of time: attempts that fail from now on were cut off by us. */
  readonly cutOff: () => boolean
  /** The passes and the loop, which end by themselves once `stopping` is aborted and nothing is in flight. */
  readonly running: Running
  /** Waits for `timeoutMs` at the most, then cuts off what still runs. */
  begin(timeoutMs: number): Promise<void>
}

export function createShutdown(clock: Clock, transport: LazyTransport): Shutdown {
  const stopping = new AbortController()
  // Whoever waits listens to it, and any number of them may.
  setMaxListeners(0, stopping.signal)
  const running = createRunning()
  let cutOff = false
  return {
    stopping: stopping.signal,
    cutOff: () => cutOff,
    running,
    async begin(timeoutMs) {
      stopping.abort('stopped')
      cutOff = !(await endsWithin(clock, timeoutMs, running.ended()))
      // A transport that does not end its attempts when closed, or a store that does not answer, cannot hold the stop up: leases run out.
      // Real time, as theirs is.
      const closed = Promise.all([transport.close(), running.ended()])
      await endsWithin(systemClock, cutOffGraceMs, closed)
    },
  }
}

async function endsWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController()
  const ended = await Promise.race([
    work.then(() => true),
    clock.sleep(ms, over.signal).then(() => false),
  ])
  over.abort('over')
  return ended
}
