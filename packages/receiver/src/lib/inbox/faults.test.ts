import { WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { createReceiver } from '../receiver'
import { memoryInbox } from '../stores/memory-inbox'
import { memoryOrder } from '../stores/memory-order'
import { testTelemetry } from '../telemetry/test-telemetry'
import { completed, events, NOW, recordingLogger, SECRET, signed } from '../test-support'
import { fakeClock } from '../testing/fake-clock'
import { wrapInbox } from '../testing/inbox/wrap'
import { createInbox } from './create-inbox'
import type { PlainInboxOptions } from './options'

function setUp(options: Partial<PlainInboxOptions> = {}, order = {}) {
  const clock = fakeClock(NOW)
  const { lines, logger } = recordingLogger()
  const common = { events, secrets: SECRET, idempotency: 'none', clock, logger } as const
  const receiver = createReceiver({ ...common, ...order })
  const store = options.store ?? memoryInbox()
  const inbox = createInbox(receiver, { store, source: 'billing', random: () => 0, ...options })
  return { clock, inbox, lines }
}

const busy = () => new WebhookError('store_busy', 'busy')

describe('a store that fails', () => {
  it('for a moment while a task is settled does not have its handler run again', async () => {
    const inner = memoryInbox()
    let refusals = 3
    const settle: typeof inner.settle = (task, settlement) => {
      refusals -= 1
      if (refusals >= 0) throw busy()
      return inner.settle(task, settlement)
    }
    const { clock, inbox } = setUp({ store: wrapInbox(inner, { settle }) })
    const handler = vi.fn()
    inbox.on('run.completed', handler)
    await inbox.receive(await signed())
    const draining = inbox.drain()
    await clock.advance('1s')
    expect(await draining).toMatchObject({ done: 1 })
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('for long loses nothing: the task is taken again when its lease has run out', async () => {
    const inner = memoryInbox()
    let down = true
    const settle: typeof inner.settle = (task, settlement) => {
      if (down) throw new Error('down')
      return inner.settle(task, settlement)
    }
    const { clock, inbox, lines } = setUp({ store: wrapInbox(inner, { settle }) })
    const handler = vi.fn()
    inbox.on('run.completed', handler)
    await inbox.receive(await signed())
    expect(await inbox.drain()).toMatchObject({ lost: 1 })
    expect(lines.some(({ message }) => message.includes('not settled'))).toBe(true)
    down = false
    await clock.advance('30s')
    expect(await inbox.drain()).toMatchObject({ done: 1 })
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('has drain reject, once what was under way is done', async () => {
    const store = wrapInbox(memoryInbox(), {
      claim: () => {
        throw busy()
      },
    })
    const { inbox } = setUp({ store })
    inbox.on('run.completed', () => {})
    await expect(inbox.drain()).rejects.toMatchObject({ code: 'store_busy' })
  })
})

describe('what the host gives', () => {
  it('may fail: a source or key is answered with 500, and nothing is kept', async () => {
    for (const over of [{ source: () => '' }, { key: () => Promise.reject(new Error('no')) }]) {
      const { inbox } = setUp(over)
      inbox.on('run.completed', () => {})
      expect((await inbox.receive(await signed())).body).toBe('{"code":"config"}')
      expect(await inbox.statistics()).toMatchObject({ pending: 0 })
    }
  })

  it('may fail: an onDead that throws changes nothing', async () => {
    const { inbox } = setUp({
      retry: { maxAttempts: 1 },
      onDead: () => {
        throw new Error('no')
      },
    })
    inbox.on('run.completed', () => {
      throw new Error('boom')
    })
    await inbox.receive(await signed())
    expect(await inbox.drain()).toMatchObject({ dead: 1 })
  })

  it('names a message by its key, where that is not the signed id', async () => {
    const { inbox } = setUp({ key: (event) => `own-${event.id}` })
    const ids: string[] = []
    inbox.on('run.completed', ({ id }, { messageId }) => void ids.push(id, messageId))
    await inbox.receive(await signed())
    await inbox.drain()
    expect(ids).toEqual([completed.id, `own-${completed.id}`])
    expect(await inbox.get(`own-${completed.id}`)).toBeDefined()
  })
})

it('what is logged and kept of a failure holds nothing of the body or the secret', async () => {
  const { inbox, lines } = setUp({ retry: { maxAttempts: 1 } })
  inbox.on('run.completed', () => {
    throw new WebhookError('handler_failed', 'boom')
  })
  await inbox.receive(await signed({ ...completed, data: { runId: 'canary-7', durationMs: 1 } }))
  await inbox.drain()
  const told = JSON.stringify([lines, (await inbox.deadLetters.list()).items])
  expect(told).toContain(completed.id)
  expect(told).not.toMatch(/canary-7|whsec_/)
})

it('each handler keeps an order of its own: one that is ahead makes no event stale for another', async () => {
  const stale: string[] = []
  const order = {
    order: {
      store: memoryOrder(),
      key: () => 'run',
      version: ({ id }: { readonly id: string }) => Number(id.slice(4)),
      onStale: ({ id }: { readonly id: string }) => stale.push(id),
    },
  }
  const { inbox } = setUp({ concurrency: 1 }, order)
  const seen: string[] = []
  inbox.on('run.completed', ({ id }) => void seen.push(`a ${id}`), { name: 'a' })
  inbox.on('run.completed', ({ id }) => void seen.push(`b ${id}`), { name: 'b' })
  for (const id of ['msg_2', 'msg_1']) {
    await inbox.receive(await signed({ ...completed, id }))
    await inbox.drain()
  }
  expect(seen.sort()).toEqual(['a msg_2', 'b msg_2'])
  expect(stale).toEqual(['msg_1', 'msg_1'])
})

it('goes on in the sender’s trace when a handler runs, hours later', async () => {
  const telemetry = testTelemetry()
  const { clock, inbox } = setUp({}, { telemetry: telemetry.options })
  inbox.on('run.completed', () => {})
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const request = await signed()
  await inbox.receive({ ...request, headers: { ...request.headers, traceparent } })
  await clock.advance('2h')
  await inbox.drain()
  const traces = telemetry.spans().map((span) => [span.name, span.spanContext().traceId])
  const id = '0af7651916cd43dd8448eb211c80319c'
  expect(traces).toEqual([
    ['receive run.completed', id],
    ['process run.completed', id],
  ])
})

describe('dead letters', () => {
  it('come in pages, and refuse what is no cursor, filter, time or limit', async () => {
    const { clock, inbox } = setUp({ retry: { maxAttempts: 1 } })
    inbox.on('run.completed', () => {
      throw new Error('boom')
    })
    for (const id of ['msg_1', 'msg_2', 'msg_3']) {
      await inbox.receive(await signed({ ...completed, id }))
      await inbox.drain()
      await clock.advance('1s')
    }
    const first = await inbox.deadLetters.list({ limit: 2 })
    const { cursor = '' } = first
    const second = await inbox.deadLetters.list({ limit: 2, cursor })
    const ids = [...first.items, ...second.items].map(({ key }) => key.id)
    expect([ids, second.cursor]).toEqual([['msg_3', 'msg_2', 'msg_1'], undefined])
    const { list, replay } = inbox.deadLetters
    await expect(list({ cursor: 'x' })).rejects.toThrow('cursor')
    await expect(list({ cursor: btoa('[1,2,3,4]') })).rejects.toThrow('cursor')
    await expect(list({ limit: 0 })).rejects.toThrow('limit')
    await expect(list({ since: 'yesterday' })).rejects.toThrow('since')
    await expect(replay(Object.assign({ typ: 'x' }))).rejects.toThrow('typ')
    expect(await replay({ since: new Date(NOW + 1_000), limit: 1 })).toBe(1)
    expect(await replay({})).toBe(2)
  })
})
