import { describe, expect, expectTypeOf, it } from 'vitest'
import { createSender } from '../create-sender'
import type { InsertedEvent, NewEvent } from '../model/event'
import type { AsyncTransactions, NoTransactions, SenderStore } from '../ports/store'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { fakeClock } from '../testing/fake-clock'
import { recordingTransport } from '../testing/recording-transport'

interface Tx {
  readonly written: NewEvent[]
}

/** A memory store whose host transactions await: written when their work resolves, forgotten when it rejects. */
function asyncStore(): SenderStore<AsyncTransactions<Tx>> {
  const store = memoryStore()
  return {
    ...store,
    host: {
      kind: 'async',
      endpoints: (tenantId) => store.endpoints.forTenant(tenantId),
      async enqueue(events, tx) {
        tx.written.push(...events)
        return events.map(
          ({ id }): InsertedEvent => ({ eventId: id, duplicate: false, deliveries: 0 }),
        )
      },
      async transaction(work) {
        const tx: Tx = { written: [] }
        const result = await work(tx)
        store.host.enqueue(tx.written)
        return result
      },
    },
  }
}

function asyncSender() {
  const clock = fakeClock()
  const transport = recordingTransport([], { clock })
  const sender = createSender({ store: asyncStore(), clock, transport })
  return { clock, sender, transport }
}

const refused = { name: 'WebhookError', code: 'invalid_argument' }

describe('a store whose transactions await', () => {
  it('sends what was committed, and wakes the worker', async () => {
    const { clock, sender, transport } = asyncSender()
    await sender.endpoints.create({ url })
    sender.start()
    await clock.advance(1)
    const answer = await sender.transaction(async (tx) => {
      expectTypeOf(tx).toEqualTypeOf<Tx>()
      await sender.send(run, { tx })
      await sender.sendMany([run, run], { tx })
      await sender.enqueue(await sender.prepare(run), { tx })
      expect(transport.requests).toEqual([])
      return 'committed'
    })
    expect(answer).toBe('committed')
    await clock.advance(5)
    expect(transport.requests).toHaveLength(4)
    await sender.stop()
  })

  it('sends nothing of what was rolled back', async () => {
    const { sender, transport } = asyncSender()
    await sender.endpoints.create({ url })
    const failing = sender.transaction(async (tx) => {
      await sender.send(run, { tx })
      throw new RangeError('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    await sender.deliverDue()
    expect(transport.requests).toEqual([])
    expect((await sender.events.list()).items).toEqual([])
  })

  it('validates before the transaction is touched', async () => {
    const { sender } = asyncSender()
    await sender.transaction(async (tx) => {
      await expect(
        sender.sendMany([run, { type: 'run.completed', data: 1n }], { tx }),
      ).rejects.toMatchObject({ code: 'not_serializable' })
      expect(tx.written).toEqual([])
    })
  })

  it('refuses a transaction that is not there, rather than send outside of it', async () => {
    const { sender } = asyncSender()
    const tx = undefined as never
    await expect(sender.send(run, { tx })).rejects.toMatchObject(refused)
    await expect(sender.sendMany([run], { tx: null as never })).rejects.toMatchObject(refused)
    const prepared = await sender.prepare(run)
    expect(() => sender.enqueue(prepared, { tx })).toThrow(expect.objectContaining(refused))
    expect((await sender.events.list()).items).toEqual([])
  })

  it('takes no transaction after a stop', async () => {
    const { sender } = asyncSender()
    await sender.stop()
    await expect(sender.transaction(async () => {})).rejects.toMatchObject({
      code: 'sender_stopped',
    })
  })
})

describe('a store whose transactions are synchronous', () => {
  it('refuses an awaiting send in one, also where types are not checked', async () => {
    const { sender } = testSender()
    const send: (event: typeof run, options: object) => Promise<unknown> = sender.send
    await expect(send(run, { tx: {} })).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('`prepare` first'),
    })
    const { transaction } = sender as unknown as { transaction(work: object): Promise<unknown> }
    await expect(transaction(async () => {})).rejects.toMatchObject(refused)
    expect((await sender.events.list()).items).toEqual([])
  })

  it('enqueues only what was prepared', async () => {
    const { sender } = testSender()
    const enqueue: (prepared: never) => unknown = sender.enqueue
    for (const event of [run, sender.prepare(run), undefined, null, [run], 'run']) {
      expect(() => enqueue(event as never)).toThrow(expect.objectContaining(refused))
    }
    await sender.stop()
    expect(() => enqueue([] as never)).toThrow(expect.objectContaining({ code: 'sender_stopped' }))
  })
})

describe('a store without host transactions', () => {
  it('sends, and refuses the rest', async () => {
    const store: SenderStore<NoTransactions> = { ...memoryStore(), host: { kind: 'none' } }
    const sender = createSender({ store })
    expectTypeOf(sender).not.toHaveProperty('enqueue')
    expectTypeOf(sender).not.toHaveProperty('transaction')
    await sender.send(run)
    const calls = sender as unknown as {
      enqueue(prepared: object): unknown
      send(event: object, options: object): Promise<unknown>
    }
    const prepared = await sender.prepare(run)
    expect(() => calls.enqueue(prepared)).toThrow(expect.objectContaining(refused))
    await expect(calls.send(run, { tx: {} })).rejects.toMatchObject(refused)
  })
})
