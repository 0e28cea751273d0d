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
 * Group commit of outcomes: written together after a few milliseconds, or sooner when the batch is full or no further outcome can come.
 */
export function createSettler(options: SettlerOptions): Settler {
  let waiting: Waiting<Settlement, SettleVerdict>[] = []
  let window: AbortController | undefined

  const flush = (): void => {
    window?.abort('flushed')
    window = undefined
    const batch = waiting
    waiting = []
    if (batch.length > 0) void writeBatch(batch, options.write)
  }

  const open = async (): Promise<void> => {
    const opened = new AbortController()
    window = opened
    await options.clock.sleep(options.windowMs, opened.signal)
    if (!opened.signal.aborted) flush()
  }

  return {
    add: (settlement) =>
      new Promise((resolve, reject) => {
        waiting.push({ item: settlement, resolve, reject })
        const complete =
          waiting.length >= options.largest || waiting.length >= options.outstanding()
        if (complete) flush()
        else if (window === undefined) void open()
      }),
  }
}
