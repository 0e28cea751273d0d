import { compareCatalogues, defineEvents } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createReceiver } from './receiver'
import { memoryIdempotency } from './stores/memory'
import { NOW, recordingLogger, SECRET, signed } from './test-support'
import { fakeClock } from './testing/fake-clock'

const v1 = z.object({ run: z.string() })
const v2 = z.object({ run: z.string(), attempts: z.number() })
const v3 = z.object({ runId: z.string(), attempts: z.number(), note: z.string().default('') })

const published = defineEvents({ 'run.failed': v1 })
const first = { 1: ({ run }: z.infer<typeof v1>) => ({ run, attempts: 1 }) }
const events = defineEvents({
  'run.failed': {
    versions: { 1: v1, 2: v2, 3: v3 },
    upcast: { ...first, 2: async ({ run, attempts }) => ({ runId: run, attempts }) },
  },
})

type Catalogue = typeof published | typeof events

function receiverOn<C extends Catalogue>(catalogue: C, store = memoryIdempotency()) {
  const { lines, logger } = recordingLogger()
  const onError = vi.fn()
  const options = { secrets: SECRET, clock: fakeClock(NOW), logger, onError }
  const idempotency = { store, source: 'workflows' } as const
  const receiver = createReceiver({ events: catalogue, idempotency, ...options })
  const handled = vi.fn()
  receiver.onAny((event) => void handled(event.data))
  const send = async (over: object) => {
    const timestamp = '2026-01-31T12:00:00.000Z'
    const event = { id: 'm1', type: 'run.failed', timestamp, data: { run: 'r1' }, ...over }
    return receiver.receive(await signed(event))
  }
  return { receiver, send, handled, lines, onError, store }
}

const newest = { version: 3, data: { runId: 'r1', attempts: 2 } }

describe('as events evolve', () => {
  it.each([
    ['a type', { type: 'no type' }],
    ['a time with a zone', { timestamp: '2026-01-31T12:00:00' }],
    ['a whole version', { version: 1.5 }],
    ['a version from 1 on', { version: 0 }],
    ['a version that is a number', { version: '1' }],
    ['data', { data: undefined }],
  ])('the envelope is strict: it needs %s', async (_what, over) => {
    const { send, handled } = receiverOn(events)
    expect((await send(over)).body).toBe('{"code":"invalid_envelope"}')
    expect(handled).not.toHaveBeenCalled()
  })

  it('members that nobody knows are no error, in the envelope or in the data', async () => {
    const { send, handled } = receiverOn(events)
    const data = { ...newest.data, region: 'eu' }
    expect((await send({ ...newest, data, trace: 1 })).outcome.kind).toBe('handled')
    expect(handled).toHaveBeenCalledWith({ ...newest.data, note: '' })
  })

  it('an older version is brought to the newest, step by step, before the handler', async () => {
    const { send, handled } = receiverOn(events)
    await send({ id: 'm1' })
    await send({ id: 'm2', version: 2, data: { run: 'r2', attempts: 7 } })
    expect(handled.mock.calls).toEqual([
      [{ runId: 'r1', attempts: 1, note: '' }],
      [{ runId: 'r2', attempts: 7, note: '' }],
    ])
  })

  it('an unknown type is acknowledged, and told of', async () => {
    const { send, lines, receiver } = receiverOn(events)
    const seen = vi.fn()
    const type = 'run.archived'
    expect(await send({ type })).toMatchObject({ status: 204, outcome: { kind: 'unknown_type' } })
    const message = 'Webhook acknowledged: no handler takes its type.'
    expect(lines).toEqual([{ level: 'info', message, fields: { messageId: 'm1', type } }])
    receiver.onUnknown(seen)
    await send({ type })
    expect(seen).toHaveBeenCalledWith(expect.objectContaining({ type }), expect.anything())
  })

  it('a newer version is refused and reported, and handled once the catalogue has it', async () => {
    const old = receiverOn(published)
    const refused = await old.send(newest)
    expect([refused.status, refused.body]).toEqual([422, '{"code":"unsupported_version"}'])
    expect(old.handled).not.toHaveBeenCalled()
    expect(old.lines).toEqual([
      {
        level: 'warn',
        message: 'Webhook refused: the catalogue does not have this version. Update it.',
        fields: {
          ...{ code: 'unsupported_version', status: 422, paths: ['version'] },
          ...{ messageId: 'm1', type: 'run.failed' },
        },
      },
    ])
    expect(old.onError.mock.calls[0]?.[0]).toMatchObject({ code: 'unsupported_version' })
    const updated = receiverOn(events, old.store)
    expect((await updated.send(newest)).outcome.kind).toBe('handled')
  })

  it('what breaks between two catalogues is named', () => {
    expect(compareCatalogues(published, events).filter(({ breaking }) => breaking)).toEqual([])
    const careless = defineEvents({ 'run.failed': v2 })
    const breaking = compareCatalogues(published, careless).filter((change) => change.breaking)
    expect(breaking.map(({ message }) => message)).toEqual([
      'In version 1 of run.failed, data.attempts was added and is required.',
    ])
  })
})
