import { WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import type { IdempotencyOptions } from '../idempotency-options'
import type { OrderOptions } from '../order/options'
import { createReceiver } from '../receiver'
import { memoryIdempotency } from '../stores/memory'
import { memoryOrder } from '../stores/memory-order'
import { deferred, events, NOW, recordingLogger, SECRET, signed } from '../test-support'
import { createTestEvent } from '../testing/create-test-event'
import { fakeClock } from '../testing/fake-clock'
import { asyncStore, orderOf, syncStore } from './test-hosts'

/** The version is `durationMs`. */
function setUp<const Idempotency extends IdempotencyOptions | 'none'>(
  idempotency: Idempotency,
  order: Partial<OrderOptions> = {},
) {
  const clock = fakeClock(NOW)
  const { lines, logger } = recordingLogger()
  const store = order.store ?? memoryOrder()
  const receiver = createReceiver({
    ...{ events, secrets: SECRET, idempotency, clock, logger },
    order: {
      store,
      key: ({ data }) => ('runId' in data ? data.runId : undefined),
      version: ({ data }) => ('durationMs' in data ? data.durationMs : 0),
      ...order,
    },
  })
  let sent = 0
  const send = async (version: number, runId = 'r1') => {
    sent += 1
    return receiver.receive(await signed(at(version, runId, `m${sent}`)))
  }
  return { receiver, clock, lines, store, send }
}

const at = (version: number, runId = 'r1', id = `v${version}`) =>
  createTestEvent(events, 'run.completed', { id, data: { runId, durationMs: version } })

const source = 'billing'
const plain = () => ({ store: memoryIdempotency(), source })

describe('the guard of order', () => {
  it('runs handlers for newer versions alone, and acknowledges the others', async () => {
    const { receiver, lines, send } = setUp(plain())
    const ran: number[] = []
    receiver.on('run.completed', ({ data }) => ran.push(data.durationMs))
    expect((await send(2)).body).toBe('{"code":"handled"}')
    const stale = await send(1)
    expect(stale).toMatchObject({
      status: 200,
      body: '{"code":"stale"}',
      headers: { 'webhook-stale': 'true' },
      outcome: { kind: 'stale', messageId: 'm2', event: { data: { durationMs: 1 } } },
    })
    expect((await send(2)).outcome.kind).toBe('stale')
    expect((await send(3)).outcome.kind).toBe('handled')
    expect((await send(1, 'r2')).outcome.kind).toBe('handled')
    expect(ran).toEqual([2, 3, 1])
    expect(lines).toEqual([
      ...['m2', 'm3'].map((messageId) => ({
        level: 'info',
        message: 'Webhook skipped: an event of its key that is as new was handled before.',
        fields: { messageId, type: 'run.completed' },
      })),
    ])
  })

  it('remembers a stale message, so that its copies are duplicates', async () => {
    const { receiver, send } = setUp(plain())
    receiver.on('run.completed', () => {})
    await send(2)
    const request = await signed(at(1))
    expect((await receiver.receive(request)).outcome.kind).toBe('stale')
    expect((await receiver.receive(request)).outcome.kind).toBe('duplicate')
  })

  it('counts no version whose handler failed', async () => {
    const { receiver, send } = setUp(plain())
    const handler = vi.fn().mockRejectedValueOnce(new Error('boom'))
    receiver.on('run.completed', handler)
    expect((await send(2)).status).toBe(500)
    expect((await send(1)).outcome.kind).toBe('handled')
  })

  it('tells onStale, whose failure changes nothing', async () => {
    const onStale = vi.fn().mockRejectedValue(new Error('boom'))
    const { receiver, send } = setUp('none', { onStale })
    receiver.on('run.completed', () => {})
    await send(2)
    expect((await send(1)).status).toBe(200)
    expect(onStale.mock.calls).toEqual([[at(1, 'r1', 'm2'), { messageId: 'm2' }]])
  })

  it('leaves alone what has no key, without asking for its version', async () => {
    const version = vi.fn()
    const { receiver, send } = setUp(plain(), { key: () => undefined, version })
    receiver.on('run.completed', () => {})
    await send(2)
    expect((await send(1)).outcome.kind).toBe('handled')
    expect(version).not.toHaveBeenCalled()
  })

  it('keeps the keys of sources apart', async () => {
    const { receiver, store } = setUp({ ...plain(), source: ({ params }) => params?.tenant ?? '' })
    receiver.on('run.completed', () => {})
    const outcome = async (tenant: string, version: number) =>
      (await receiver.receive({ ...(await signed(at(version))), params: { tenant } })).outcome.kind
    expect([await outcome('a', 2), await outcome('b', 1), await outcome('a', 1)]).toEqual([
      ...['handled', 'handled', 'stale'],
    ])
    expect(await store.isNewer({ source: 'a', key: 'r1' }, 'i10011')).toBe(false)
  })

  it.each([
    ['key', { key: () => '' }],
    ['version', { version: () => 1.5 }],
    ['source', { source: () => '' }],
  ])('answers 500 config when %s answers what it must not', async (_what, wrong) => {
    const { receiver, send } = setUp(plain(), wrong)
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    expect((await send(1)).body).toBe('{"code":"config"}')
    expect(handler).not.toHaveBeenCalled()
  })

  it('answers 503 when its store fails, before the handler and after', async () => {
    const { receiver, send, store } = setUp(plain())
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    vi.spyOn(store, 'isNewer').mockRejectedValueOnce(new Error('down'))
    expect((await send(1)).body).toBe('{"code":"store_unavailable"}')
    expect(handler).not.toHaveBeenCalled()
    vi.spyOn(store, 'advance').mockRejectedValueOnce(new Error('down'))
    expect((await send(1)).body).toBe('{"code":"store_unavailable"}')
    expect((await send(1)).outcome.kind).toBe('handled')
  })

  it('holds for dispatch, with its own params', async () => {
    const { receiver, lines } = setUp('none', { source: ({ params }) => params?.tenant ?? '' })
    receiver.on('run.completed', () => {})
    const params = { tenant: 'a' }
    expect(await receiver.dispatch(at(2), { params })).toEqual({ handled: true })
    expect(await receiver.dispatch(at(1), { params })).toEqual({ handled: false, stale: true })
    expect(lines.map(({ level }) => level)).toEqual(['info'])
    await expect(receiver.dispatch(at(3))).rejects.toMatchObject({ code: 'config' })
  })

  it('has its store migrated, pruned and closed with the receiver', async () => {
    const { receiver, clock, send, store } = setUp(plain(), { retention: '1d' })
    receiver.on('run.completed', () => {})
    await send(2)
    expect(await receiver.prune()).toBe(0)
    await clock.advance('1d')
    expect(await receiver.prune()).toBe(1)
    await receiver.migrate()
    await receiver.close()
    expect(() => store.isNewer({ source, key: 'r1' }, 'i10012')).toThrow(WebhookError)
  })
})

describe('the guard of order in a transaction', () => {
  const overAsync = () => {
    const { store, db } = asyncStore()
    const idempotency = { store, source, transactional: true } as const
    return { ...setUp(idempotency, { store: orderOf('async') }), db }
  }
  const overSync = () => {
    const { store, db } = syncStore()
    const idempotency = { store, source, transactional: true } as const
    return { ...setUp(idempotency, { store: orderOf('sync') }), db }
  }

  it('raises the version with what the handler wrote, where transactions await', async () => {
    const { receiver, db, send } = overAsync()
    const handler = vi.fn()
    receiver.on('run.completed', ({ data }, { tx }) => {
      tx.write(`v${data.durationMs}`)
      handler()
    })
    db.failToCommit = new Error('gone')
    expect((await send(2)).status).toBe(503)
    Reflect.deleteProperty(db, 'failToCommit')
    expect((await send(1)).outcome.kind).toBe('handled')
    expect((await send(2)).outcome.kind).toBe('handled')
    expect((await send(1)).outcome.kind).toBe('stale')
    expect(db.committed).toEqual(['v1', 'v2'])
    expect(handler).toHaveBeenCalledTimes(3)
  })

  it('and where they are synchronous: what was overtaken while its handler ran is undone', async () => {
    const { receiver, db, send } = overSync()
    const slow = deferred()
    receiver.on('run.completed', async ({ data }, { onCommit }) => {
      onCommit((tx) => tx.write(`v${data.durationMs}`))
      if (data.durationMs === 1) await slow.promise
    })
    const first = send(1)
    await new Promise((next) => setImmediate(next))
    expect((await send(2)).outcome.kind).toBe('handled')
    slow.resolve()
    expect((await first).outcome.kind).toBe('stale')
    expect(db.committed).toEqual(['v2'])
    expect((await send(1)).outcome.kind).toBe('stale')
    expect((await send(3)).outcome.kind).toBe('handled')
    expect(db.committed).toEqual(['v2', 'v3'])
  })

  it('commits nothing, and says that the store failed, when the version cannot be raised', async () => {
    const { receiver, db, send, store } = overSync()
    receiver.on('run.completed', (_event, { onCommit }) => onCommit((tx) => tx.write('never')))
    if (store.host?.kind !== 'sync') throw new TypeError('not sync')
    vi.spyOn(store.host, 'advance').mockImplementation(() => {
      throw new WebhookError('store_failed', 'broken')
    })
    expect((await send(1)).body).toBe('{"code":"store_unavailable"}')
    expect(db.committed).toEqual([])
  })

  it('holds for dispatch', async () => {
    const { receiver, db } = overSync()
    receiver.on('run.completed', ({ id }, { onCommit }) => onCommit((tx) => tx.write(id)))
    await receiver.dispatch(at(2))
    expect(await receiver.dispatch(at(1))).toEqual({ handled: false, stale: true })
    expect(db.committed).toEqual(['v2'])
  })
})
