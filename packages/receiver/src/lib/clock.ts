import type { Clock } from './ports/clock'

/** The longest wait a timer can hold; anything longer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * A clock over a wall clock that may be set back: then it runs at half speed until the wall clock has caught up, so that `now`
 * neither goes back nor stands still. Its sleeps do not keep the process alive.
 */
export function createSystemClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): Clock {
  let latest = Number.NEGATIVE_INFINITY
  let seen = 0
  return {
    now() {
      const time = wall()
      const elapsed = monotonic()
      latest = time >= latest ? time : latest + (elapsed - seen) / 2
      seen = elapsed
      return Math.floor(latest)
    },
    async sleep(ms, signal) {
      for (let left = ms; left > 0 && !signal?.aborted; left -= LONGEST_TIMER) {
        await wait(Math.min(left, LONGEST_TIMER), signal)
      }
    },
  }
}

/** The machine's clock. */
export const systemClock: Clock = createSystemClock()

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    if (canUnref(timer)) timer.unref()
    signal?.addEventListener('abort', done)
  })
}

/** Timers are numbers outside Node. */
function canUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer
}
