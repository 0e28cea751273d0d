import type { Clock } from '../ports/clock'

export interface Wait {
  readonly ms: number
  /** For so long at first, a slot that comes free is no reason to end the wait. */
  readonly calmMs: number
}

/** Sleep that hints cut short, and slots that come free. What is not taken yet cuts the next wait. */
export interface Waker {
  /** There may be work of any kind. */
  wake(): void
  /** Deliveries may be due; no more is known of events to be matched than before. */
  due(): void
  /** There may be room for work that had none. */
  freed(): void
  /** Whether any kind of work was hinted at since the last time this was asked. */
  takeHint(): boolean
  /** Answers whether the time ran out. */
  wait(wait: Wait, signal: AbortSignal): Promise<boolean>
}

/** A reason of our own: making the default one costs more than the rest of an abort. */
const woken = 'woken'

export function createWaker(clock: Clock): Waker {
  let hinted = false
  let isAny = false
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
  const due = (): void => {
    hinted = true
    cutShort()
  }
  return {
    wake() {
      isAny = true
      due()
    },
    due,
    freed() {
      freed = true
      cutShort()
    },
    takeHint() {
      const wasAny = isAny
      hinted = false
      isAny = false
      return wasAny
    },
    async wait({ ms, calmMs }, signal) {
      calm = true
      await sleep(Math.min(ms, calmMs), signal)
      calm = false
      await sleep(ms - calmMs, signal)
      const ranOut = !isOver()
      freed = false
      return ranOut
    },
  }
}
