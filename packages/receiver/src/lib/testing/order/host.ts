import assert from 'node:assert/strict'
import type { OrderKey, OrderStore } from '../../ports/order-store'

/** How the suite opens a transaction of the database under a store. Committed when `work` is done, rolled back when it fails. */
export type OrderSuiteHost =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'sync'
      transaction<Result>(store: OrderStore, work: (tx: unknown) => Result): Result
    }
  | {
      readonly kind: 'async'
      transaction<Result>(
        store: OrderStore,
        work: (tx: unknown) => Promise<Result>,
      ): Promise<Result>
    }

/** One call of `advance`, in a transaction of its own. */
export interface Raise {
  readonly store: OrderStore
  readonly key: OrderKey
  readonly version: string
}

/** Advances in a transaction; `before` is called (and, where transactions await, awaited) before its end, with the answer. */
export async function advanceIn(
  suite: OrderSuiteHost,
  { store, key, version }: Raise,
  before: (raised: boolean) => Promise<void> | void = () => {},
): Promise<boolean> {
  const { host } = store
  if (suite.kind === 'async' && host?.kind === 'async') {
    return suite.transaction(store, async (tx) => {
      const raised = await host.advance(key, version, tx)
      await before(raised)
      return raised
    })
  }
  assert.ok(suite.kind === 'sync' && host?.kind === 'sync', hostless)
  return suite.transaction(store, (tx) => {
    const raised = host.advance(key, version, tx)
    void before(raised)
    return raised
  })
}

const hostless = 'the store has no such transactions: `host` of the suite is what store.host is'
