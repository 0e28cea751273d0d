import { describe, expect, it, vi } from 'vitest'
import { createReceiver } from './receiver'
import { memoryIdempotency } from './stores/memory'
import {
  completed,
  deferred,
  failed,
  NOW,
  OTHER_SECRET,
  SECRET,
  setUp,
  signed,
  signedBytes,
} from './test-support'

describe('receive: what is accepted', () => {
  it('answers 200 handled once the handler has run', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const result = await receiver.receive(await signed())
    expect(result).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"code":"handled"}',
      outcome: { kind: 'handled', messageId: completed.id, event: completed },
    })
    expect(handler).toHaveBeenCalledTimes(1)
    expect(handler.mock.calls[0]?.[0]).toEqual(completed)
  })

  it('gives the handler what is known of the request', async () => {
    const { receiver } = setUp({ secrets: [OTHER_SECRET, { id: 'second', secret: SECRET }] })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const { headers, body } = await signed(completed, { messageId: 'msg_7' })
    await receiver.receive({
      headers: { ...headers, 'X-Trace': 'abc' },
      body,
      params: { tenant: 'acme' },
    })
    const context = handler.mock.calls[0]?.[1]
    expect(context).toMatchObject({
      messageId: 'msg_7',
      signedAt: NOW / 1_000,
      secretIndex: 1,
      secretId: 'second',
      params: { tenant: 'acme' },
    })
    expect(context.headers.get('x-trace')).toBe('abc')
    expect(context.headers.get('x-none')).toBeUndefined()
    expect(context.signal.aborted).toBe(false)
    expect(context.logger.info).toBeTypeOf('function')
  })

  it('leaves out the id of a secret that has none', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    const context = handler.mock.calls[0]?.[1]
    expect(context).toMatchObject({ secretIndex: 0, params: {} })
    expect(context).not.toHaveProperty('secretId')
  })

  it.each([undefined, null, 'text', 0, {}, [], () => {}])(
    'does not mind a handler that returns %j',
    async (value) => {
      const { receiver } = setUp()
      receiver.on('run.completed', () => value)
      expect((await receiver.receive(await signed())).status).toBe(200)
    },
  )

  it('waits for an asynchronous handler', async () => {
    const { receiver } = setUp()
    const { promise, resolve } = deferred()
    let done = false
    receiver.on('run.completed', () => promise)
    const receiving = receiver.receive(await signed()).then((result) => {
      done = true
      return result
    })
    await new Promise((next) => setImmediate(next))
    expect(done).toBe(false)
    resolve()
    expect((await receiving).status).toBe(200)
  })

  it('gives the output of the schema, defaults and all', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed({ ...completed, data: { runId: 'r9' } }))
    expect(handler.mock.calls[0]?.[0].data).toEqual({ runId: 'r9', durationMs: 0 })
  })

  it('brings an older version to the latest before the handler', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.failed', handler)
    const result = await receiver.receive(
      await signed({ ...failed, version: 1, data: { runId: 'r3' } }),
    )
    expect(result.status).toBe(200)
    expect(handler.mock.calls[0]?.[0]).toMatchObject({
      version: 2,
      data: { runId: 'r3', attempts: 1 },
    })
  })

  it('ignores fields of the envelope that it does not know', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const { headers, body } = await signedBytes(JSON.stringify({ ...completed, extra: 1 }))
    expect((await receiver.receive({ headers, body })).status).toBe(200)
  })

  it('works without a catalogue: the data is as it came', async () => {
    const receiver = createReceiver({
      secrets: SECRET,
      idempotency: 'none',
      clock: { now: () => NOW, sleep: async () => {} },
    })
    const handler = vi.fn()
    receiver.on('anything.at-all', handler)
    const event = { ...completed, type: 'anything.at-all', version: 3, data: [1, 'two'] }
    const result = await receiver.receive(await signed(event))
    expect(result.status).toBe(200)
    expect(handler.mock.calls[0]?.[0]).toEqual(event)
  })
})

describe('the store, through the receiver', () => {
  it('is migrated, pruned and closed', async () => {
    const store = memoryIdempotency()
    const migrate = vi.fn()
    const prune = vi.spyOn(store, 'prune')
    const { receiver } = setUp({ store: Object.assign(store, { migrate }) })
    await receiver.migrate()
    expect(migrate).toHaveBeenCalledTimes(1)
    expect(await receiver.prune()).toBe(0)
    expect(prune).toHaveBeenLastCalledWith({ limit: 10_000 })
    await receiver.prune({ limit: 5 })
    expect(prune).toHaveBeenLastCalledWith({ limit: 5 })
    await receiver.close()
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await signed())).status).toBe(503)
  })

  it('may be missing, or have nothing to do', async () => {
    const { claim, renew, complete, release } = memoryIdempotency()
    for (const idempotency of [
      'none' as const,
      { source: 'a', store: { claim, renew, complete, release } },
    ]) {
      const { receiver } = setUp({ idempotency })
      await receiver.migrate()
      expect(await receiver.prune()).toBe(0)
      await receiver.close()
    }
  })
})
