import assert from 'node:assert/strict'
import type { OrderKey, OrderStore } from '../../ports/order-store'
import type { OrderSuiteHost } from './host'

/** A time that outlives any law, and one that `pass(SHORT)` ends. */
export const LONG = 600_000
export const SHORT = 60

/** What the bench of one law is made of. */
export interface OrderBenchParts {
  readonly store: OrderStore
  /** Lets at least so much time pass on the store's clock. */
  pass(ms: number): Promise<void>
  /** Another handle on the same data; the same store where the suite cannot open one. */
  handle(): Promise<OrderStore>
  /** A store of its own, not migrated. */
  unmigrated(): Promise<OrderStore>
  readonly host: OrderSuiteHost
}

/** The ground a law stands on: an empty store, and short ways to use it. */
export class OrderBench {
  readonly store: OrderStore
  readonly parts: OrderBenchParts
  #keys = 0

  constructor(parts: OrderBenchParts) {
    this.store = parts.store
    this.parts = parts
  }

  /** A key nobody used. */
  key(over: Partial<OrderKey> = {}): OrderKey {
    this.#keys += 1
    return { source: 'billing', key: `order_${this.#keys}`, ...over }
  }

  async advance(key: OrderKey, version: string): Promise<boolean> {
    return this.store.advance(key, version)
  }

  /** Asserts which version a key has, as far as that can be seen. */
  async has(key: OrderKey, version: string, store = this.store): Promise<void> {
    assert.equal(await store.isNewer(key, version), false, `${version} or higher was expected`)
    assert.equal(await store.isNewer(key, `${version}!`), true, `${version} or lower was expected`)
  }

  async prune(unchangedForMs: number, limit = 1_000): Promise<number> {
    assert.ok(this.store.prune, 'the store has no prune: skip this law, with that as the reason')
    return this.store.prune({ limit, unchangedForMs })
  }
}
