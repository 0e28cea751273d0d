import type { Clock } from '../ports/clock'

export interface Wait {
  readonly ms: number
  /** For so long at first, a slot that comes free is no reason to end the wait. */
  readonly calmMs: number
}

/** Sleep that hints cut short, and slots that come free. What comes while nobody waits cuts the next wait. */
export interface Waker {
  /** There may be work. */
  wake(): void
  /** There may be room for work that had none. */
  freed(): void
  wait(wait: Wait, signal: AbortSignal): Promise<void>
}

/** A reason of our own: making the default one costs more than the rest of an abort. */
const woken = 'woken'

export function createWaker(clock: Clock): Waker {
  let hinted = false
  let freed = false
  let calm = false
  let current: AbortController | undefined
  const isOver = (): boolean => hinted || (freed && !calm)
  const cutShort = (): void => {
    if (isOver()) current?.abort(woken)
  }
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (ms <= 0 || isOver() || signal.aborted) return
    const waiting = new AbortController()
    current = waiting
    const abort = waiting.abort.bind(waiting, woken)
    signal.addEventListener('abort', abort, { once: true })
    await clock.sleep(ms, waiting.signal)
    signal.removeEventListener('abort', abort)
    current = undefined
  }
  return {
    wake() {
      hinted = true
      cutShort()
    },
    freed() {
      freed = true
      cutShort()
    },
    async wait({ ms, calmMs }, signal) {
      calm = true
      await sleep(Math.min(ms, calmMs), signal)
      calm = false
      await sleep(ms - calmMs, signal)
      hinted = false
      freed = false
    },
  }
}
