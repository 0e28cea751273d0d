import assert from 'node:assert/strict'
import type {
  ClaimedInboxTask,
  DeadInboxFilter,
  DeadInboxTask,
  InboxKey,
  InboxMessage,
  InboxSettlement,
  InboxStore,
  InboxTask,
} from '../../ports/inbox-store'
import { LONG } from '../contract/bench'

export const LEDGER = 'ledger@order.paid'
export const MAIL = 'mail@order.paid'
export const DONE = { to: 'done' } as const
export const DEAD = { to: 'dead', reason: 'exhausted', code: 'handler_failed' } as const

/** What the bench of one law is made of. */
export interface InboxBenchParts {
  readonly store: InboxStore
  /** Lets time pass on the store's clock: just so much when it is fake, at least so much otherwise. */
  pass(ms: number): Promise<void>
  /** Another handle on the same data; the same store where the suite cannot open one. */
  handle(): Promise<InboxStore>
  /** A store of its own, not migrated. */
  unmigrated(): Promise<InboxStore>
}

/** The ground a law stands on: an empty store, and short ways to use it. */
export class InboxBench implements InboxBenchParts {
  readonly store: InboxStore
  readonly #parts: InboxBenchParts
  #ids = 0

  constructor(parts: InboxBenchParts) {
    this.store = parts.store
    this.#parts = parts
  }

  pass(ms: number): Promise<void> {
    return this.#parts.pass(ms)
  }

  handle(): Promise<InboxStore> {
    return this.#parts.handle()
  }

  unmigrated(): Promise<InboxStore> {
    return this.#parts.unmigrated()
  }

  /** A message that was never kept. */
  message(key: Partial<InboxKey> = {}, over: Partial<InboxMessage> = {}): InboxMessage {
    this.#ids += 1
    return {
      key: { source: 'billing', id: `msg_${this.#ids}`, ...key },
      fingerprint: 'a'.repeat(64),
      type: 'order.paid',
      body: new TextEncoder().encode(`{"n":${this.#ids}}`),
      facts: {
        eventId: `evt_${this.#ids}`,
        timestamp: '2026-01-01T00:00:00Z',
        secretIndex: 0,
        headers: {},
        params: {},
      },
      ...over,
    }
  }

  async accept(message: InboxMessage, handlers: readonly string[] = [LEDGER]): Promise<string> {
    return this.store.accept(message, handlers)
  }

  /** Keeps a new message. */
  async kept(handlers: readonly string[] = [LEDGER]): Promise<InboxMessage> {
    const message = this.message()
    assert.equal(await this.accept(message, handlers), 'accepted')
    return message
  }

  async claim(
    limit = 100,
    leaseMs = LONG,
    handlers: readonly string[] = [LEDGER, MAIL],
  ): Promise<readonly ClaimedInboxTask[]> {
    return this.store.claim({ handlers, limit, leaseMs })
  }

  /** Claims the only task there is to claim. */
  async claimOne(leaseMs = LONG): Promise<ClaimedInboxTask> {
    const [task, ...others] = await this.claim(100, leaseMs)
    assert.ok(task, 'expected a task to claim')
    assert.equal(others.length, 0, 'expected one task only')
    return task
  }

  async settle(task: ClaimedInboxTask, settlement: InboxSettlement): Promise<boolean> {
    return this.store.settle(task, settlement)
  }

  /** Keeps a new message whose task is dead. */
  async buried(over: Partial<InboxMessage> = {}, handler = LEDGER): Promise<InboxMessage> {
    const message = this.message({}, over)
    await this.accept(message, [handler])
    const [task] = await this.claim(1, LONG, [handler])
    assert.ok(task, 'expected a task to claim')
    assert.equal(await this.settle(task, DEAD), true)
    return message
  }

  async tasks({ key }: InboxMessage): Promise<readonly InboxTask[]> {
    return (await this.store.get(key))?.tasks ?? []
  }

  async task(message: InboxMessage, handler = LEDGER): Promise<InboxTask> {
    const task = (await this.tasks(message)).find((one) => one.handler === handler)
    assert.ok(task, `expected a task for ${handler}`)
    return task
  }

  async dead(filter: DeadInboxFilter = {}, limit = 100): Promise<readonly DeadInboxTask[]> {
    return this.store.dead({ filter, limit })
  }

  async revive(filter: DeadInboxFilter = {}, limit = 100): Promise<number> {
    return this.store.revive(filter, limit)
  }

  async prune(olderThanMs: number, { limit = 100, dead = false } = {}): Promise<number> {
    return this.store.prune({ olderThanMs, limit, dead })
  }
}

export type InboxLaw = (bench: InboxBench) => Promise<void>
export type InboxLaws = Readonly<Record<string, InboxLaw>>
