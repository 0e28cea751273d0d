import type { Clock } from '../../ports/clock'
import type { HostTransactions, SenderStore } from '../../ports/store'
import { type MemoryStore, memoryStoreOver } from '../../stores/memory/memory-store'
import { createState, type MemoryState } from '../../stores/memory/state'
import type { StoreLaw } from '../contract/laws'

/** A store with one thing wrong, and the laws that are to find it. */
export interface BrokenStore {
  readonly name: string
  readonly fails: readonly StoreLaw[]
  /** `sync` unless said. */
  readonly host?: HostTransactions['kind']
  /** Whether a second handle is on a database of its own. */
  readonly reopensEmpty?: boolean
  /** What the store does instead of what `store` does. */
  wrong(store: MemoryStore, state: MemoryState): Wrong
}

export type Wrong = {
  readonly [Port in 'deliveries' | 'log' | 'endpoints' | 'retention']?: Partial<MemoryStore[Port]>
} & Partial<Pick<SenderStore, 'close' | 'host' | 'migrate'>>

export function createBroken(broken: BrokenStore, clock: Clock): SenderStore {
  const state = createState(clock)
  const store = memoryStoreOver(state)
  const { deliveries, log, endpoints, retention, ...rest } = broken.wrong(store, state)
  return {
    ...store,
    ...rest,
    deliveries: { ...store.deliveries, ...deliveries },
    log: { ...store.log, ...log },
    endpoints: { ...store.endpoints, ...endpoints },
    retention: { ...store.retention, ...retention },
  }
}
