import { type Duration, parseDuration } from '@posthorn/schema'
import type { Clock } from '../ports/clock'

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** How many sleepers wait. */
  readonly sleeping: number
  /**
   * Moves on by a duration (or milliseconds), waking each sleeper at its own time, in order. Between two of them, and at the end, it
   * lets every promise chain that does no real I/O run to rest.
   */
  advance(by: Duration | number): Promise<void>
  /** Moves on to a time in milliseconds since the Unix epoch, like `advance`. Refuses to go back, with a `RangeError`. */
  set(time: number): Promise<void>
}

interface Sleeper {
  readonly at: number
  wake(): void
}

const DEFAULT_START = Date.UTC(2026, 0, 1)

/**
 * A `Clock` for tests: hours pass in microseconds.
 *
 * @param start milliseconds since the Unix epoch; 2026-01-01T00:00:00Z unless given.
 * @example
 * const clock = fakeClock()
 * const sender = createSender({ events, store: memoryStore(), clock })
 * await clock.advance('5m')
 */
export function fakeClock(start: number = DEFAULT_START): FakeClock {
  checkTime(start)
  const sleepers = new Set<Sleeper>()
  let time = start

  async function set(target: number): Promise<void> {
    checkTime(target)
    if (target < time) throw new RangeError(`fakeClock: cannot go back from ${time} to ${target}`)
    await rest()
    for (let next = earliest(sleepers); next && next.at <= target; next = earliest(sleepers)) {
      time = Math.max(time, next.at)
      next.wake()
      await rest()
    }
    time = Math.max(time, target)
    await rest()
  }

  return {
    now: () => time,
    sleep: (ms, signal) =>
      ms > 0 && !signal?.aborted ? sleepUntil(sleepers, time + ms, signal) : Promise.resolve(),
    get sleeping() {
      return sleepers.size
    },
    set,
    advance: async (by) => set(time + (typeof by === 'number' ? by : parseDuration(by))),
  }
}

function sleepUntil(sleepers: Set<Sleeper>, at: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      sleepers.delete(sleeper)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const sleeper: Sleeper = { at, wake }
    sleepers.add(sleeper)
    signal?.addEventListener('abort', wake)
  })
}

/** The first to be woken; of two at one time, the one that fell asleep first. */
function earliest(sleepers: ReadonlySet<Sleeper>): Sleeper | undefined {
  let first: Sleeper | undefined
  for (const sleeper of sleepers) if (!first || sleeper.at < first.at) first = sleeper
  return first
}

function checkTime(time: number): void {
  if (!Number.isFinite(time)) throw new RangeError('fakeClock: a time is a finite number of ms')
}

/** Taken now, so that a test runner's fake timers do not stop it later. */
const nextTurn = setImmediate

/** A turn of the event loop comes only after every promise chain has run dry. */
const rest = (): Promise<void> => new Promise((resolve) => nextTurn(resolve))
