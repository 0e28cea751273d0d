import type { Clock } from './ports/clock'

/** The longest wait a timer can hold; anything longer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** The machine's wall clock, as it is: a signature's age has to be judged by the world's time. Its sleeps do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0 && !signal?.aborted; left -= LONGEST_TIMER) {
      await wait(Math.min(left, LONGEST_TIMER), signal)
    }
  },
}

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
