import { defineEvents, type EventInput } from '@posthorn/schema'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type {
  AsyncTransactions,
  NoTransactions,
  PreparedEvent,
  Sender,
  SenderOptions,
  SenderStore,
  SendResult,
  SyncTransactions,
  TenantSender,
} from '../index'
import { createSender } from './create-sender'
import { memoryStore } from './stores/memory/memory-store'

const events = defineEvents({
  'run.completed': z.object({
    runId: z.string(),
    at: z.string().transform((text) => new Date(text)),
  }),
  'run.failed': {
    versions: {
      1: z.object({ runId: z.string() }),
      2: z.object({ runId: z.string(), attempts: z.number() }),
    },
    upcast: { 1: (v1) => ({ ...v1, attempts: 1 }) },
  },
})
type Events = typeof events

interface Db {
  exec(sql: string): void
}

/** Types only: nothing here runs. */
declare const sqlite: SenderStore<SyncTransactions<Db>>
declare const postgres: SenderStore<AsyncTransactions<Db>>
declare const plain: SenderStore<NoTransactions>
declare const db: Db
declare const prepared: PreparedEvent
const typed = () => createSender({ events, store: sqlite })
type Typed = ReturnType<typeof typed>
type Sent = Parameters<Typed['send']>[0]

const completed = { type: 'run.completed', data: { runId: 'r', at: '2026-01-01' } } as const

describe('a sender', () => {
  it('knows its catalogue and its store from its options', () => {
    expectTypeOf<Typed>().toEqualTypeOf<Sender<Events, SyncTransactions<Db>>>()
    expectTypeOf<ReturnType<Typed['tenant']>>().toEqualTypeOf<
      TenantSender<Events, SyncTransactions<Db>>
    >()
    expectTypeOf<Parameters<ReturnType<Typed['tenant']>['send']>[0]>().toEqualTypeOf<Sent>()
  })

  it('sends what the catalogue has, as its schemas take it', () => {
    expectTypeOf(completed).toExtend<Sent>()
    expectTypeOf<EventInput<Events>>().toExtend<Sent>()
    expectTypeOf<{ type: 'run.finished'; data: { runId: string } }>().not.toExtend<Sent>()
    expectTypeOf<{
      type: 'run.completed'
      data: { runId: number; at: string }
    }>().not.toExtend<Sent>()
    expectTypeOf<{
      type: 'run.completed'
      data: { runId: string; at: Date }
    }>().not.toExtend<Sent>()
    expectTypeOf<{ type: 'run.completed' }>().not.toExtend<Sent>()
    const misspelt = () =>
      // @ts-expect-error no such field
      typed().send({ ...completed, idempotencykey: 'a' })
    expectTypeOf(misspelt).toBeFunction()
  })

  it('sends an older version with that version’s data, and only with it', () => {
    type V1 = { runId: string }
    type V2 = { runId: string; attempts: number }
    expectTypeOf<{ type: 'run.failed'; data: V2 }>().toExtend<Sent>()
    expectTypeOf<{ type: 'run.failed'; version: 2; data: V2 }>().toExtend<Sent>()
    expectTypeOf<{ type: 'run.failed'; version: 1; data: V1 }>().toExtend<Sent>()
    expectTypeOf<{ type: 'run.failed'; data: V1 }>().not.toExtend<Sent>()
    expectTypeOf<{ type: 'run.failed'; version: 2; data: V1 }>().not.toExtend<Sent>()
    expectTypeOf<{ type: 'run.failed'; version: 3; data: V2 }>().not.toExtend<Sent>()
    expectTypeOf<{ type: 'run.completed'; version: 2; data: object }>().not.toExtend<Sent>()
  })

  it('without a catalogue sends anything with a type and data', () => {
    const sender = () => createSender({ store: memoryStore() })
    type Any = Parameters<ReturnType<typeof sender>['send']>[0]
    expectTypeOf<{ type: string; data: number[] }>().toExtend<Any>()
    expectTypeOf<{ type: string }>().not.toExtend<Any>()
    expectTypeOf<{ data: string }>().not.toExtend<Any>()
  })

  it('takes no catalogue that is none', () => {
    // @ts-expect-error a schema is no catalogue
    const wrong = () => createSender({ events: z.object({}), store: memoryStore() })
    expectTypeOf(wrong).toBeFunction()
  })

  it('needs a store, and no misspelt option', () => {
    // @ts-expect-error the store is missing
    const none = () => createSender({ events })
    // @ts-expect-error retries is not an option
    const misspelt = () => createSender({ store: memoryStore(), retries: 3 })
    // @ts-expect-error a bare number is no duration
    const bare = () => createSender({ store: memoryStore(), timeout: 15 })
    // @ts-expect-error nor is a word
    const word = () => createSender({ store: memoryStore(), timeout: 'soon' })
    expectTypeOf([none, misspelt, bare, word]).toBeArray()
  })
})

describe('a host’s transactions', () => {
  it('that are synchronous take prepared events, and no awaiting send', () => {
    expectTypeOf<Typed['enqueue']>().returns.toEqualTypeOf<readonly SendResult[]>()
    const fits = () => typed().enqueue([prepared, prepared], { tx: db })
    // @ts-expect-error `send` awaits
    const sends = () => typed().send(completed, { tx: db })
    // @ts-expect-error nor for many, nor for a tenant
    const many = () => typed().tenant('acme').sendMany([completed], { tx: db })
    // @ts-expect-error not a handle of this store
    const other = () => typed().enqueue(prepared, { tx: 'db' })
    // @ts-expect-error not prepared
    const raw = () => typed().enqueue(completed, { tx: db })
    // @ts-expect-error not awaited
    const early = () => typed().enqueue(typed().prepare(completed), { tx: db })
    expectTypeOf([fits, sends, many, other, raw, early]).toBeArray()
    expectTypeOf<Typed>().not.toHaveProperty('transaction')
  })

  it('that await take a transaction in send, and must be given it in enqueue', () => {
    const sender = () => createSender({ events, store: postgres })
    type Async = ReturnType<typeof sender>
    expectTypeOf<Async['transaction']>().toBeFunction()
    const fits = () =>
      sender().transaction(async (tx) => {
        expectTypeOf(tx).toEqualTypeOf<Db>()
        return sender().tenant('acme').send(completed, { tx })
      })
    expectTypeOf<ReturnType<typeof fits>>().toEqualTypeOf<Promise<SendResult>>()
    // @ts-expect-error the transaction is missing
    const none = () => sender().enqueue(prepared)
    // @ts-expect-error not a transaction of this store
    const other = () => sender().send(completed, { tx: 'tx' })
    // @ts-expect-error a transaction that may be undefined would quietly be none
    const maybe = (tx: Db | undefined) => sender().send(completed, { tx })
    expectTypeOf([none, other, maybe]).toBeArray()
  })

  it('that do not exist offer nothing', () => {
    const sender = () => createSender({ store: plain })
    expectTypeOf<ReturnType<typeof sender>>().not.toHaveProperty('enqueue')
    expectTypeOf<ReturnType<typeof sender>>().not.toHaveProperty('transaction')
  })
})

describe('code around a sender', () => {
  it('can name it without its catalogue', () => {
    expectTypeOf<Typed>().toExtend<Sender>()
    expectTypeOf<Typed>().toExtend<Sender<Events>>()
    expectTypeOf<ReturnType<Typed['tenant']>>().toExtend<TenantSender>()
    expectTypeOf<SenderOptions>().toHaveProperty('store')
  })

  it('can be generic over the host', () => {
    const wrap = <Host extends SyncTransactions<never>>(store: SenderStore<Host>) =>
      createSender({ events, store })
    const sender = () => wrap(sqlite)
    expectTypeOf<ReturnType<typeof sender>>().toEqualTypeOf<Typed>()
  })
})
