import type { Settlement, SettleVerdict } from '../model/delivery'
import type { Clock } from '../ports/clock'
import { type Waiting, writeBatch } from '../sending/batcher'

export interface Settler {
  /** Resolves once the store has the settlement. */
  add(settlement: Settlement): Promise<SettleVerdict>
}

export interface SettlerOptions {
  readonly clock: Clock
  readonly write: (batch: readonly Settlement[]) => Promise<readonly SettleVerdict[]>
  /** Deliveries claimed and not settled: once all of them wait here, nothing is gained by waiting longer. */
  readonly outstanding: () => number
  readonly windowMs: number
  readonly largest: number
}

/**
 * Group commit of outcomes: written together after a few milliseconds, or sooner when the batch is full, or when no further outcome can come and
 * the store has rested from the last write for as long as that took: where outcomes come one by one, and quickly, they still share writes.
 */
export function createSettler(options: SettlerOptions): Settler {
  const { clock, windowMs } = options
  let waiting: Waiting<Settlement, SettleVerdict>[] = []
  let window: { readonly until: number; readonly closing: AbortController } | undefined
  let writing = 0
  let restUntil = Number.NEGATIVE_INFINITY

  const close = (): void => {
    window?.closing.abort('closed')
    window = undefined
  }

  const flush = async (): Promise<void> => {
    close()
    const batch = waiting
    waiting = []
    const begun = clock.now()
    writing += 1
    await writeBatch(batch, options.write)
    writing -= 1
    restUntil = clock.now() + Math.min(windowMs, clock.now() - begun)
    look()
  }

  const open = async (ms: number): Promise<void> => {
    const until = clock.now() + ms
    if (window !== undefined && window.until <= until) return
    close()
    const closing = new AbortController()
    window = { until, closing }
    await clock.sleep(ms, closing.signal)
    if (!closing.signal.aborted) void flush()
  }

  function look(): void {
    if (waiting.length === 0) return
    const isComplete = waiting.length >= options.outstanding()
    const ms = isComplete && writing === 0 ? Math.min(windowMs, restUntil - clock.now()) : windowMs
    if (ms <= 0 || waiting.length >= options.largest) void flush()
    else void open(ms)
  }

  return {
    add: (settlement) =>
      new Promise((resolve, reject) => {
        waiting.push({ item: settlement, resolve, reject })
        look()
      }),
  }
}
