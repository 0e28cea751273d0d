import type { Clock } from './ports/clock'

/** The longest wait a Node timer can hold; anything longer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** The machine's wall clock, as it is: signatures and due times have to agree with the world's time, also after it was put right. */
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
    signal?.addEventListener('abort', done)
  })
}
