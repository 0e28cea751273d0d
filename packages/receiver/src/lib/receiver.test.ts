import { describe, expect, it, vi } from 'vitest'
import { createReceiver } from './receiver'
import { memoryIdempotency } from './stores/memory'
import {
  completed,
  deferred,
  failed,
  NOW,
  OTHER_SECRET,
  recordingLogger,
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

describe('receive: who handles what', () => {
  it('runs onAny after the type own handler, and for types without one', async () => {
    const { receiver } = setUp()
    const ran: string[] = []
    receiver
      .onAny((event) => ran.push(`any ${event.type}`))
      .on('run.completed', async () => {
        await Promise.resolve()
        ran.push('own')
      })
    await receiver.receive(await signed())
    const second = await receiver.receive(await signed(failed))
    expect(second.outcome.kind).toBe('handled')
    expect(ran).toEqual(['own', 'any run.completed', 'any run.failed'])
  })

  it('does not run onAny when the own handler failed', async () => {
    const { receiver } = setUp()
    const any = vi.fn()
    receiver.onAny(any).on('run.completed', () => Promise.reject(new Error('no')))
    expect((await receiver.receive(await signed())).status).toBe(500)
    expect(any).not.toHaveBeenCalled()
  })

  it('acknowledges an unknown type with 204 and no body', async () => {
    const { receiver, store } = setUp()
    const claim = vi.spyOn(store, 'claim')
    const event = { ...completed, type: 'run.vanished' }
    const result = await receiver.receive(await signed(event))
    expect(result).toEqual({
      status: 204,
      headers: {},
      body: '',
      outcome: { kind: 'unknown_type', messageId: completed.id, event },
    })
    expect(claim).not.toHaveBeenCalled()
  })

  it('acknowledges a type of the catalogue that nobody handles', async () => {
    const { receiver } = setUp()
    expect((await receiver.receive(await signed())).outcome.kind).toBe('unknown_type')
  })

  it('does not check the data that nobody handles', async () => {
    const { receiver } = setUp()
    const unknown = vi.fn()
    receiver.onUnknown(unknown)
    const event = { ...completed, data: 'wrong' }
    expect((await receiver.receive(await signed(event))).status).toBe(204)
    expect(unknown.mock.calls[0]?.[0]).toEqual(event)
  })

  it('shows onUnknown a type outside of the catalogue, and onAny does not see it', async () => {
    const { receiver } = setUp()
    const unknown = vi.fn()
    const any = vi.fn()
    receiver.onUnknown(unknown).onAny(any)
    const result = await receiver.receive(await signed({ ...completed, type: 'run.vanished' }))
    expect(result.status).toBe(204)
    expect(unknown).toHaveBeenCalledTimes(1)
    expect(any).not.toHaveBeenCalled()
  })

  it('does not remember an unknown event, so that a later replay runs', async () => {
    const { receiver } = setUp()
    receiver.onUnknown(() => {})
    expect((await receiver.receive(await signed())).status).toBe(204)
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    expect((await receiver.receive(await signed())).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('has the sender try again when onUnknown throws', async () => {
    const { receiver } = setUp()
    receiver.onUnknown(async () => {
      throw new Error('surprise')
    })
    const result = await receiver.receive(await signed())
    expect(result).toMatchObject({ status: 500, body: '{"code":"handler_failed"}' })
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'treats %s as a type like any other',
    async (type) => {
      const { receiver } = setUp()
      const event = { ...completed, type }
      expect((await receiver.receive(await signed(event))).status).toBe(204)
      const { logger } = recordingLogger()
      const clock = { now: () => NOW, sleep: async () => {} }
      const free = createReceiver({ secrets: SECRET, idempotency: 'none', clock, logger })
      expect((await free.receive(await signed(event))).status).toBe(204)
      const handler = vi.fn()
      free.on(type, handler)
      expect((await free.receive(await signed(event))).status).toBe(200)
      expect(handler).toHaveBeenCalledTimes(1)
    },
  )

  it('treats error and any as types like any other', async () => {
    const { logger } = recordingLogger()
    const clock = { now: () => NOW, sleep: async () => {} }
    const receiver = createReceiver({ secrets: SECRET, idempotency: 'none', clock, logger })
    receiver.on('error', () => {})
    expect((await receiver.receive(await signed({ ...completed, type: 'error' }))).status).toBe(200)
    expect((await receiver.receive(await signed({ ...completed, type: 'any' }))).status).toBe(204)
  })
})

describe('dispatch', () => {
  it('runs the same handlers, unverified and not deduplicated', async () => {
    const { receiver, store } = setUp()
    const claim = vi.spyOn(store, 'claim')
    const ran: unknown[] = []
    receiver.on('run.completed', (event) => ran.push(event)).onAny(() => ran.push('any'))
    expect(await receiver.dispatch(completed)).toEqual({ handled: true })
    expect(await receiver.dispatch(completed)).toEqual({ handled: true })
    expect(ran).toEqual([completed, 'any', completed, 'any'])
    expect(claim).not.toHaveBeenCalled()
  })

  it('checks and upcasts the data', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.failed', handler)
    const { version: _, ...bare } = { ...failed, data: { runId: 'r3' } }
    await receiver.dispatch(bare)
    expect(handler.mock.calls[0]?.[0].data).toEqual({ runId: 'r3', attempts: 1 })
    await expect(receiver.dispatch({ ...bare, version: 2 })).rejects.toMatchObject({
      code: 'invalid_data',
      details: { issues: [expect.objectContaining({ path: 'data.attempts' })] },
    })
    await expect(receiver.dispatch({ ...failed, version: 9 })).rejects.toMatchObject({
      code: 'unsupported_version',
    })
  })

  it('refuses what is no event', async () => {
    const { receiver } = setUp()
    await expect(receiver.dispatch({ ...completed, id: 'not.an.id' })).rejects.toMatchObject({
      code: 'invalid_envelope',
      details: { issues: [expect.objectContaining({ path: 'id' })] },
    })
  })

  it('answers whether a handler took it, and lets onUnknown see what none takes', async () => {
    const { receiver } = setUp()
    expect(await receiver.dispatch(completed)).toEqual({ handled: false })
    const seen = vi.fn()
    receiver.onUnknown(seen)
    expect(await receiver.dispatch(completed)).toEqual({ handled: false })
    expect(seen).toHaveBeenCalledWith(completed, expect.anything())
  })

  it('rejects with what the handler threw', async () => {
    const { receiver } = setUp()
    const error = new Error('boom')
    receiver.on('run.completed', async () => {
      throw error
    })
    await expect(receiver.dispatch(completed)).rejects.toBe(error)
  })

  it('gives a context without a request', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.dispatch(completed)
    const context = handler.mock.calls[0]?.[1]
    expect(context).toMatchObject({ messageId: completed.id, params: {} })
    expect(context).not.toHaveProperty('secretIndex')
    expect(context.signal.aborted).toBe(false)
    expect(context.signal).toBe(context.signal)
    expect(context.headers.get('webhook-id')).toBeUndefined()
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
