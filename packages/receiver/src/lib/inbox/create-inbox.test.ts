import { describe, expect, it } from 'vitest'
import { createReceiver } from '../receiver'
import { memoryInbox } from '../stores/memory-inbox'
import { completed, failed, NOW, SECRET, signed } from '../test-support'
import { createInbox } from './create-inbox'
import { setUp, statusOf } from './test-support'

describe('an inbox', () => {
  it('answers 202 once an event is kept, and handles it afterwards', async () => {
    const { inbox } = setUp()
    const handled: unknown[] = []
    inbox.on('run.completed', (event, { messageId, attempt }) => {
      handled.push([event.data.runId, messageId, attempt])
    })
    expect(await statusOf(inbox.receive(await signed()))).toEqual([202, 'accepted'])
    expect(handled).toEqual([])
    expect(await inbox.drain()).toMatchObject({ done: 1, retried: 0 })
    expect(handled).toEqual([['r1', completed.id, 1]])
  })

  it('answers a duplicate, another body, a bad signature and a store that is down', async () => {
    const { inbox, store } = setUp()
    inbox.on('run.completed', () => {})
    await inbox.receive(await signed())
    const again = await inbox.receive(await signed())
    expect([again.status, again.headers['webhook-duplicate']]).toEqual([200, 'true'])
    const other = { ...completed, data: { runId: 'other', durationMs: 1 } }
    expect(await statusOf(inbox.receive(await signed(other)))).toEqual([422, 'id_reused'])
    const forged = { ...(await signed()), body: new TextEncoder().encode('{}') }
    expect(await statusOf(inbox.receive(forged))).toEqual([401, 'signature_mismatch'])
    await store.close?.()
    expect(await statusOf(inbox.receive(await signed()))).toEqual([503, 'store_unavailable'])
  })

  it('refuses what does not fit the catalogue, and keeps nothing of it', async () => {
    const { inbox } = setUp()
    inbox.on('run.completed', () => {})
    const bad = { ...completed, data: { runId: 7 } }
    expect(await statusOf(inbox.receive(await signed(bad)))).toEqual([422, 'invalid_data'])
    expect(await inbox.get(completed.id)).toBeUndefined()
  })

  it('leaves a type without a handler to the receiver: acknowledged, shown, not kept', async () => {
    const { inbox, receiver } = setUp()
    const seen: string[] = []
    receiver.onUnknown(({ type }) => void seen.push(type))
    expect(await statusOf(inbox.receive(await signed(failed)))).toEqual([204, ''])
    expect([seen, await inbox.get(failed.id)]).toEqual([['run.failed'], undefined])
  })

  it('keeps what no other handler takes when asked to', async () => {
    const { inbox } = setUp()
    const seen: unknown[] = []
    inbox.onUnknown((event) => void seen.push(event.data))
    const other = { ...completed, type: 'run.paused', data: 7 }
    expect(await statusOf(inbox.receive(await signed(other)))).toEqual([202, 'accepted'])
    expect(await inbox.drain()).toMatchObject({ done: 1 })
    expect(seen).toEqual([7])
  })

  it('gives an event as it was: upcast, with what was signed, the headers asked for, and the params', async () => {
    const { inbox } = setUp({ headers: ['X-Region'] })
    const seen: unknown[] = []
    inbox.on('run.failed', (event, { headers, params, signedAt, secretIndex }) => {
      const region = [headers.get('x-region'), headers.get('webhook-id')]
      seen.push({ data: event.data, version: event.version, region, params, signedAt, secretIndex })
    })
    const request = await signed({ ...failed, version: 1, data: { runId: 'r2' } })
    const headers = { ...request.headers, 'x-region': 'eu' }
    await inbox.receive({ ...request, headers, params: { tenant: 'acme' } })
    await inbox.drain()
    expect(seen).toEqual([
      {
        data: { runId: 'r2', attempts: 1 },
        version: 2,
        region: ['eu', undefined],
        params: { tenant: 'acme' },
        signedAt: NOW / 1_000,
        secretIndex: 0,
      },
    ])
  })
})

describe('upkeep', () => {
  it('drops old messages, but for those with something to do or dead', async () => {
    const { clock, inbox } = setUp({ retry: { maxAttempts: 1 } })
    inbox.on('run.completed', ({ id }) => {
      if (id === 'msg_bad') throw new Error('boom')
    })
    for (const id of ['msg_good', 'msg_bad', 'msg_later']) {
      await inbox.receive(await signed({ ...completed, id }))
      if (id === 'msg_bad') await inbox.drain()
    }
    await clock.advance('7d')
    expect(await inbox.prune()).toBe(1)
    expect(await inbox.prune({ dead: true })).toBe(1)
    expect(await inbox.get('msg_later')).toBeDefined()
  })
})

describe('createInbox', () => {
  const options = { store: memoryInbox(), source: 'billing' }
  const receiver = createReceiver({ secrets: SECRET, idempotency: 'none' })

  it.each<[object, string]>([
    [{ source: '' }, 'source'],
    [{ store: {} }, 'store'],
    [{ lease: '0ms' }, 'lease'],
    [{ concurrency: 0 }, 'concurrency'],
    [{ perHandler: 1.5 }, 'perHandler'],
    [{ transactional: true }, 'transactional'],
    [{ retry: { maxAttempts: 0 } }, 'retry.maxAttempts'],
    [{ retry: { factor: 0.5 } }, 'retry.factor'],
    [{ retry: { jitter: 2 } }, 'retry.jitter'],
    [{ retry: { attempts: 2 } }, 'retry.attempts'],
    [{ leases: '1s' }, 'leases'],
  ])('refuses %j', (over, name) => {
    const make = () => createInbox(receiver, Object.assign({}, options, over))
    expect(make).toThrow(TypeError)
    expect(make).toThrow(name)
  })

  it('refuses a receiver that deduplicates by itself, and what is no receiver', () => {
    const idempotency = { store: { claim: 1, renew: 1, complete: 1, release: 1 }, source: 's' }
    const other = createReceiver(Object.assign({ secrets: SECRET, idempotency }))
    expect(() => createInbox(other, options)).toThrow(`idempotency: 'none'`)
    expect(() => createInbox({ ...receiver }, options)).toThrow('createReceiver')
  })

  it('names a message by its source, too, where that is chosen by request', async () => {
    const source = ({ params }: { params?: { tenant?: string } }) => params?.tenant ?? ''
    const inbox = createInbox(receiver, { store: memoryInbox(), source })
    await expect(inbox.get('msg_1')).rejects.toThrow(TypeError)
    expect(await inbox.get({ source: 'acme', id: 'msg_1' })).toBeUndefined()
  })
})
