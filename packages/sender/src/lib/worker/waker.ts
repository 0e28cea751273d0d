import type { Clock } from '../ports/clock'

/** Sleep that hints cut short. A hint while nobody waits cuts the next wait. */
export interface Waker {
  wake(): void
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** A reason of our own: making the default one costs more than the rest of an abort. */
const woken = 'woken'

export function createWaker(clock: Clock): Waker {
  let hinted = false
  let current: AbortController | undefined
  return {
    wake() {
      hinted = true
      const waiting = current
      current = undefined
      waiting?.abort(woken)
    },
    async wait(ms, signal) {
      if (!hinted && !signal.aborted) {
        const waiting = new AbortController()
        current = waiting
        const abort = waiting.abort.bind(waiting, woken)
        signal.addEventListener('abort', abort, { once: true })
        await clock.sleep(ms, waiting.signal)
        signal.removeEventListener('abort', abort)
        current = undefined
      }
      hinted = false
    },
  }
}
