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
      current?.abort(woken)
    },
    async wait(ms, signal) {
      if (!hinted && !signal.aborted) {
        current = new AbortController()
        const abort = current.abort.bind(current, woken)
        signal.addEventListener('abort', abort, { once: true })
        await clock.sleep(ms, current.signal)
        signal.removeEventListener('abort', abort)
        current = undefined
      }
      hinted = false
    },
  }
}
