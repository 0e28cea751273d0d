import { WebhookError } from '@posthorn/schema'
import type { Clock } from '../ports/clock'
import type { OrderKey, OrderPruneRequest, OrderStore } from '../ports/order-store'
import { dropWhere, nameOf } from './entries'

const DEFAULT_MAX_KEYS = 100_000

export interface MemoryOrderOptions {
  /** Most keys kept; default 100,000. When full, the one whose version was raised longest ago goes. */
  readonly maxKeys?: number
  /** Default: the receiver's. */
  readonly clock?: Clock
}

interface Raised {
  readonly version: string
  readonly at: number
}

/**
 * Remembers versions in this process only: for tests, and for a single process that may see older events again after a restart.
 *
 * @throws TypeError when `maxKeys` is not a positive integer.
 */
export function memoryOrder(options: MemoryOrderOptions = {}): OrderStore {
  return new MemoryOrder(options)
}

class MemoryOrder implements OrderStore {
  readonly host = { kind: 'none' } as const
  readonly #maxKeys: number
  /** In the order of their last rise: the oldest is first. */
  readonly #versions = new Map<string, Raised>()
  #clock: Clock | undefined
  #closed = false

  constructor({ maxKeys = DEFAULT_MAX_KEYS, clock }: MemoryOrderOptions) {
    if (!Number.isSafeInteger(maxKeys) || maxKeys < 1) {
      throw new TypeError('memoryOrder: maxKeys must be a positive integer')
    }
    this.#maxKeys = maxKeys
    this.#clock = clock
  }

  useClock(clock: Clock): void {
    this.#clock ??= clock
  }

  isNewer(key: OrderKey, version: string): boolean {
    this.#assertOpen()
    const known = this.#versions.get(nameOf(key.source, key.key))
    return known === undefined || known.version < version
  }

  advance(key: OrderKey, version: string): boolean {
    if (!this.isNewer(key, version)) return false
    const name = nameOf(key.source, key.key)
    this.#versions.delete(name)
    if (this.#versions.size >= this.#maxKeys) dropWhere(this.#versions, 1, () => true)
    this.#versions.set(name, { version, at: this.#now() })
    return true
  }

  prune({ limit, unchangedForMs }: OrderPruneRequest): number {
    this.#assertOpen()
    const before = this.#now() - unchangedForMs
    return dropWhere(this.#versions, limit, ({ at }) => at <= before)
  }

  close(): void {
    this.#closed = true
    this.#versions.clear()
  }

  #now(): number {
    return this.#clock?.now() ?? Date.now()
  }

  #assertOpen(): void {
    if (!this.#closed) return
    throw new WebhookError('store_closed', 'The order store is closed; open a new one.')
  }
}
