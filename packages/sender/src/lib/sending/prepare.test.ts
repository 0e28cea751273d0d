import { defineEvents } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSender } from '../create-sender'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'

const decode = (body: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(body))

describe('prepare', () => {
  it('takes the event as it is at the call, whatever the caller does with it afterwards', async () => {
    const slow = z.object({ step: z.number() }).refine(async () => true)
    const events = defineEvents({ 'run.step': slow })
    const sender = createSender({ events, store: memoryStore() })
    const data = { step: 1 }
    const metadata: Record<string, string> = { team: 'a' }
    const preparing = sender.prepare({ type: 'run.step', data, metadata })
    data.step = 2
    metadata.team = 'b'
    const event = await preparing
    expect(decode(event.body)).toMatchObject({ data: { step: 1 } })
    expect(event.metadata).toEqual({ team: 'a' })
  })

  it('asks nothing of the store', async () => {
    const { sender, store } = testSender()
    await store.close()
    expect(await sender.prepare(run)).toMatchObject({ type: 'run.completed', tenantId: 'default' })
  })

  it('says what is wrong with the data before it says that JSON cannot carry it', async () => {
    const events = defineEvents({ 'run.completed': z.object({ runId: z.string() }) })
    const sender = createSender({ events, store: memoryStore() })
    const prepare: (event: never) => Promise<unknown> = sender.prepare
    for (const data of [undefined, { runId: 5n }]) {
      const preparing = prepare({ type: 'run.completed', data } as never)
      await expect(preparing).rejects.toMatchObject({ code: 'invalid_data' })
    }
  })

  it('leaves version 1 out of the envelope, and puts others in', async () => {
    const { sender } = testSender()
    expect(decode((await sender.prepare(run)).body)).not.toHaveProperty('version')
    expect(decode((await sender.prepare({ ...run, version: 2 })).body)).toMatchObject({
      version: 2,
    })
  })

  it('reads times in ISO 8601, with their zone', async () => {
    const { sender } = testSender()
    const at = async (timestamp: string | Date) =>
      new Date((await sender.prepare({ ...run, timestamp })).timestamp).toISOString()
    expect(await at('2026-01-31')).toBe('2026-01-31T00:00:00.000Z')
    expect(await at('2026-01-31T12:00Z')).toBe('2026-01-31T12:00:00.000Z')
    expect(await at('2026-01-31T12:00:00.123456+01:30')).toBe('2026-01-31T10:30:00.123Z')
    expect(await at(new Date(5))).toBe('1970-01-01T00:00:00.005Z')
    for (const timestamp of [
      '1',
      '2026',
      '2026-02-30',
      '2026-02-30T00:00:00Z',
      '2026-01-31T12:00:00',
      '2026-01-31T25:00:00Z',
      'Sat, 31 Jan 2026 12:00:00 GMT',
      '+010000-01-01T00:00:00Z',
      '1969-12-31T23:59:59Z',
      '',
    ]) {
      await expect(at(timestamp), timestamp).rejects.toMatchObject({ code: 'invalid_event' })
    }
  })
})

describe('sendMany', () => {
  it('sends nothing of nothing, and refuses what is no list', async () => {
    const { sender } = testSender()
    expect(await sender.sendMany([])).toEqual([])
    const sendMany: (events: never) => Promise<unknown> = sender.sendMany
    for (const events of [undefined, null, run, 'run', new Set([run])]) {
      await expect(sendMany(events as never)).rejects.toMatchObject({ code: 'invalid_argument' })
    }
    await expect(sendMany(new Array(2) as never)).rejects.toMatchObject({ code: 'invalid_event' })
    expect((await sender.events.list()).items).toEqual([])
  })

  it('answers in order, over more events than one batch holds', async () => {
    const { sender } = testSender()
    await sender.endpoints.create({ url, eventTypes: ['even'] })
    const ids = Array.from({ length: 1_201 }, (_, index) => `e${index}`)
    const results = await sender.sendMany(
      ids.map((id, index) => ({ id, type: index % 2 === 0 ? 'even' : 'odd', data: index })),
    )
    expect(results.map((result) => result.eventId)).toEqual(ids)
    expect(results.map((result) => result.deliveries)).toEqual(
      ids.map((_, index) => (index + 1) % 2),
    )
  })
})
