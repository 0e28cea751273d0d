import type { Clock } from '../ports/clock'

export interface Wait {
  readonly ms: number
  /** For so long at first, a slot that comes free is no reason to end the wait. */
  readonly calmMs: number
}

/** Sleep that hints cut short, and slots that come free. What is not taken yet cuts the next wait. */
export interface Waker {
  /** There may be work. */
  wake(): void
  /** There may be room for work that had none. */
  freed(): void
  /** Whether there was a hint since the last time this was asked. */
  takeHint(): boolean
  /** Answers whether a slot came free since the last wait. */
  wait(wait: Wait, signal: AbortSignal): Promise<boolean>
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
    takeHint() {
      const was = hinted
      hinted = false
      return was
    },
    async wait({ ms, calmMs }, signal) {
      calm = true
      await sleep(Math.min(ms, calmMs), signal)
      calm = false
      await sleep(ms - calmMs, signal)
      const was = freed
      freed = false
      return was
    },
  }
}
