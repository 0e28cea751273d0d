import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { type HandlerContext, retryLater, type TransactionContext } from '../handler'
import { createReceiver } from '../receiver'
import { memoryIdempotency } from '../stores/memory'
import { completed, deferred, events, SECRET, signed } from '../test-support'
import { createTestEvent } from '../testing/create-test-event'
import { asyncStore, syncStore, type TestTx } from './test-hosts'
import { KEY, overAsync } from './test-receivers'

describe('transactional mode, where transactions await', () => {
  it('commits what the handler wrote together with the completion', async () => {
    const { receiver, db } = overAsync()
    receiver.on('run.completed', async (_event, { tx }) => {
      tx.write('one')
      await Promise.resolve()
      tx.write('two')
      expect(db.committed).toEqual([])
    })
    expect((await receiver.receive(await signed())).body).toBe('{"code":"handled"}')
    expect(db.committed).toEqual(['one', 'two'])
    expect((await receiver.receive(await signed())).body).toBe('{"code":"duplicate"}')
    expect(db.committed).toEqual(['one', 'two'])
  })

  it('gives all handlers of a message one transaction', async () => {
    const { receiver, db } = overAsync()
    const seen: unknown[] = []
    receiver.on('run.completed', (_event, { tx }) => seen.push(tx))
    receiver.onAny((_event, { tx }) => seen.push(tx))
    await receiver.receive(await signed())
    expect(seen[0]).toBe(seen[1])
    expect(db.open.most).toBe(1)
  })

  it('commits the claim first: a duplicate meanwhile is told that it is in flight', async () => {
    const { receiver, clock } = overAsync()
    const { promise, resolve } = deferred()
    receiver.on('run.completed', () => promise)
    const first = receiver.receive(await signed())
    await clock.advance(0)
    expect((await receiver.receive(await signed())).status).toBe(409)
    resolve()
    expect((await first).status).toBe(200)
  })

  it('rolls back and releases when the handler throws, so that a retry runs at once', async () => {
    const { receiver, db } = overAsync()
    let fails = true
    receiver.on('run.completed', async (_event, { tx }) => {
      tx.write('paid')
      if (fails) throw retryLater('30s')
    })
    const failed = await receiver.receive(await signed())
    expect(failed).toMatchObject({ status: 500, headers: { 'retry-after': '30' } })
    expect(db.committed).toEqual([])
    fails = false
    expect((await receiver.receive(await signed())).status).toBe(200)
    expect(db.committed).toEqual(['paid'])
  })

  it('rolls back when the claim was lost, and answers lease_lost, never 2xx', async () => {
    const { receiver, db, lose } = overAsync()
    receiver.on('run.completed', (_event, { tx }) => {
      tx.write('paid twice')
      lose()
    })
    const result = await receiver.receive(await signed())
    expect([result.status, result.body]).toEqual([500, '{"code":"lease_lost"}'])
    expect(db.committed).toEqual([])
  })

  it('answers 503 when the commit fails, with nothing written and the claim given back', async () => {
    const { receiver, db } = overAsync()
    receiver.on('run.completed', (_event, { tx }) => tx.write('paid'))
    db.failToCommit = new Error('the connection is gone')
    const result = await receiver.receive(await signed())
    expect([result.status, result.body]).toEqual([503, '{"code":"store_unavailable"}'])
    expect(result.outcome).toMatchObject({ cause: db.failToCommit, messageId: completed.id })
    Reflect.deleteProperty(db, 'failToCommit')
    expect((await receiver.receive(await signed())).status).toBe(200)
    expect(db.committed).toEqual(['paid'])
  })

  it('answers 503 when no transaction begins, and runs no handler', async () => {
    const { receiver, db } = overAsync()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    db.failToBegin = new Error('no connection is free')
    expect((await receiver.receive(await signed())).status).toBe(503)
    expect(handler).not.toHaveBeenCalled()
  })

  it('refuses invalid data without keeping the claim', async () => {
    const { receiver, store } = overAsync()
    receiver.on('run.completed', () => {})
    const bad = { ...completed, data: { runId: 1 } }
    expect((await receiver.receive(await signed(bad))).status).toBe(422)
    expect((await store.claim(KEY, 'other', 1)).state).toBe('acquired')
  })

  it('has no transaction for an unknown type', async () => {
    const { receiver } = overAsync()
    const seen = vi.fn()
    receiver.onUnknown((_event, context) => seen('tx' in context))
    expect((await receiver.receive(await signed())).status).toBe(204)
    expect(seen).toHaveBeenCalledWith(false)
  })

  it('opens one for dispatch too, and rolls back when the handler throws', async () => {
    const { receiver, db } = overAsync()
    let fails = false
    receiver.on('run.completed', (_event, { tx }) => {
      tx.write('polled')
      if (fails) throw new Error('boom')
    })
    expect(await receiver.dispatch(completed)).toEqual({ handled: true })
    fails = true
    await expect(receiver.dispatch(completed)).rejects.toThrow('boom')
    expect(db.committed).toEqual(['polled'])
    expect(db.open.now).toBe(0)
  })
})

describe('the number of handlers with a transaction open', () => {
  const message = (count: number) => createTestEvent(events, 'run.completed', { id: `m_${count}` })

  async function crowd(options: { readonly concurrency?: number; readonly hint?: number }) {
    const bed = overAsync(options)
    const work = deferred()
    bed.receiver.on('run.completed', () => work.promise)
    const requests = await Promise.all(Array.from({ length: 12 }, (_, at) => signed(message(at))))
    const results = requests.map((request) => bed.receiver.receive(request))
    await bed.clock.advance(0)
    return { ...bed, ...work, results }
  }

  it.each([
    [{}, 5],
    [{ concurrency: 2 }, 2],
    [{ hint: 9 }, 9],
    [{ hint: 9, concurrency: 3 }, 3],
  ])('is bounded: %o', async (options, most) => {
    const { db, results, resolve } = await crowd(options)
    expect(db.open.now).toBe(most)
    resolve()
    expect((await Promise.all(results)).map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect(db.open).toEqual({ now: 0, most })
  })

  it('leaves the claims of those who wait alive', async () => {
    const { clock, results, resolve, receiver } = await crowd({ concurrency: 1 })
    await clock.advance('4m')
    const retry = await signed(message(11), { at: new Date(clock.now()) })
    expect((await receiver.receive(retry)).status).toBe(409)
    resolve()
    expect((await Promise.all(results)).every(({ status }) => status === 200)).toBe(true)
    expect(clock.sleeping).toBe(0)
  })

  it('runs no handler whose claim was lost while it waited', async () => {
    const { clock, db, lose, results, resolve } = await crowd({ concurrency: 1 })
    lose()
    await clock.advance('1m')
    resolve()
    const codes = (await Promise.all(results)).map(({ body }) => body)
    expect(codes).toEqual(Array(12).fill('{"code":"lease_lost"}'))
    expect(db.committed).toEqual([])
    expect(clock.sleeping).toBe(0)
  })
})

describe('transactional mode asks for', () => {
  const { store } = asyncStore(4)
  const source = 'billing'
  const make = (idempotency: unknown) =>
    Reflect.apply(createReceiver, undefined, [{ secrets: SECRET, idempotency }])

  it.each([
    ['a store with transactions', { store: memoryIdempotency(), source, transactional: true }],
    ['a boolean', { store, source, transactional: 'yes' }],
    ['a count', { store, source, transactional: true, concurrency: 0 }],
    ['a whole count', { store, source, transactional: true, concurrency: 1.5 }],
    ['less than the pool has', { store, source, transactional: true, concurrency: 5 }],
    ['asynchronous transactions', { ...syncStore(), source, transactional: true, concurrency: 1 }],
    ['transactions, to bound them', { store, source, concurrency: 1 }],
  ])('%s, with a TypeError otherwise', (_what, idempotency) => {
    expect(() => make(idempotency)).toThrow(TypeError)
    expect(() => make(idempotency)).toThrow(/^createReceiver: idempotency\./)
  })

  it('and the types know what the context has', () => {
    const secrets = SECRET
    const plain = createReceiver({ secrets, idempotency: { store, source } })
    plain.on('a', (_event, context) => expectTypeOf(context).toEqualTypeOf<HandlerContext>())
    const off = createReceiver({ secrets, idempotency: { store, source, transactional: false } })
    off.on('a', (_event, context) => expectTypeOf(context).toEqualTypeOf<HandlerContext>())
    const on = createReceiver({ secrets, idempotency: { store, source, transactional: true } })
    on.on('a', (_event, { tx }) => expectTypeOf(tx).toExtend<TestTx>())
    on.on('b', (_event, context) => {
      expectTypeOf(context).toExtend<TransactionContext<TestTx>>()
      // @ts-expect-error: the transactions await
      expectTypeOf(context.onCommit).toBeFunction()
    })
    const sync = createReceiver({
      secrets,
      idempotency: { store: syncStore().store, source, transactional: true },
    })
    sync.on('a', (_event, context) => {
      expectTypeOf(context.onCommit).parameter(0).parameter(0).toExtend<TestTx>()
      // @ts-expect-error: the transactions are synchronous
      expectTypeOf(context.tx).toBeUndefined()
    })
    sync.onUnknown((_event, context) => expectTypeOf(context).toEqualTypeOf<HandlerContext>())
    const memory = memoryIdempotency()
    const idempotency = { store: memory, source, transactional: true } as const
    // @ts-expect-error: the memory store has no transactions
    const make = () => createReceiver({ secrets, idempotency })
    expect(make).toThrow(TypeError)
  })
})
