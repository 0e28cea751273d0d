import type {
  AsyncHostTransactions,
  ClaimRef,
  IdempotencyStore,
  SyncHostTransactions,
} from '../ports/idempotency-store'
import type { AsyncOrderHost, OrderKey, OrderStore, SyncOrderHost } from '../ports/order-store'
import { memoryIdempotency } from '../stores/memory'
import { memoryOrder } from '../stores/memory-order'

/** A transaction of the tests' database: a list of writes, there once it commits. */
export interface TestTx {
  write(what: string): void
}

interface Database {
  readonly committed: string[]
  /** Transactions open now, and the most there ever were. */
  readonly open: { now: number; most: number }
  failToCommit?: Error
  failToBegin?: Error
}

function begin(db: Database) {
  if (db.failToBegin) throw db.failToBegin
  const writes: string[] = []
  const completions: (() => void)[] = []
  db.open.now += 1
  db.open.most = Math.max(db.open.most, db.open.now)
  return {
    tx: { write: (what: string) => void writes.push(what), completions },
    commit() {
      if (db.failToCommit) throw db.failToCommit
      db.committed.push(...writes)
      for (const complete of completions) complete()
    },
    end() {
      db.open.now -= 1
    },
  }
}

interface Completing extends TestTx {
  readonly completions: (() => void)[]
}

/** The memory store with transactions of a toy database. `lose` has another take the claim. */
function parts() {
  const memory = memoryIdempotency()
  const db: Database = { committed: [], open: { now: 0, most: 0 } }
  const taken = { value: false }
  const complete = ({ completions }: Completing, claim: ClaimRef, retainMs: number) => {
    if (taken.value) return false
    completions.push(() => void memory.complete(claim, retainMs))
    return true
  }
  const store: IdempotencyStore = {
    claim: (key, fingerprint, leaseMs) => memory.claim(key, fingerprint, leaseMs),
    renew: (claim, leaseMs) => !taken.value && memory.renew(claim, leaseMs),
    complete: (claim, retainMs) => !taken.value && memory.complete(claim, retainMs),
    release: (claim) => !taken.value && memory.release(claim),
    useClock: (clock) => memory.useClock?.(clock),
  }
  const lose = () => {
    taken.value = true
  }
  return { store, db, complete, lose }
}

export function syncStore() {
  const { store, db, complete, lose } = parts()
  const host: SyncHostTransactions<Completing> = {
    kind: 'sync',
    transaction(work) {
      const transaction = begin(db)
      try {
        const result = work(transaction.tx)
        transaction.commit()
        return result
      } finally {
        transaction.end()
      }
    },
    complete: (claim, retainMs, tx) => complete(tx, claim, retainMs),
  }
  return { db, lose, store: { ...store, host } }
}

export function asyncStore(concurrency?: number) {
  const { store, db, complete, lose } = parts()
  const host: AsyncHostTransactions<Completing> = {
    kind: 'async',
    ...(concurrency === undefined ? {} : { concurrency }),
    async transaction(work) {
      const transaction = begin(db)
      try {
        const result = await work(transaction.tx)
        transaction.commit()
        return result
      } finally {
        transaction.end()
      }
    },
    complete: async (claim, retainMs, tx) => complete(tx, claim, retainMs),
  }
  return { db, lose, store: { ...store, host } }
}

/** The memory store, raised when a transaction of the toy database commits. Nothing waits for one that holds a key. */
export function orderOf(kind: 'sync' | 'async'): OrderStore {
  const memory = memoryOrder()
  const later = (key: OrderKey, version: string, { completions }: Completing) => {
    if (!memory.isNewer(key, version)) return false
    completions.push(() => void memory.advance(key, version))
    return true
  }
  return {
    isNewer: (key, version) => memory.isNewer(key, version),
    advance: (key, version) => memory.advance(key, version),
    useClock: (clock) => memory.useClock?.(clock),
    host:
      kind === 'sync'
        ? ({ kind, advance: later } satisfies SyncOrderHost<Completing>)
        : ({
            kind,
            advance: async (key, version, tx) => later(key, version, tx),
          } satisfies AsyncOrderHost<Completing>),
  }
}
