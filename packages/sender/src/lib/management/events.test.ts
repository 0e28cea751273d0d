import { describe, expect, it } from 'vitest'
import { run, testSender } from '../test-sender'

describe('events', () => {
  it('are kept as they were sent, with what accompanied them', async () => {
    const { sender } = testSender()
    const { eventId } = await sender.send({
      ...run,
      id: 'evt-1',
      version: 3,
      timestamp: '2025-12-31T23:00:00Z',
      idempotencyKey: 'k',
      orderingKey: 'r1',
      metadata: { trace: 'a' },
    })
    const event = await sender.events.get(eventId)
    expect(event).toMatchObject({
      id: 'evt-1',
      tenantId: 'default',
      version: 3,
      timestamp: new Date('2025-12-31T23:00:00Z'),
      recordedAt: new Date('2026-01-01T00:00:00Z'),
      idempotencyKey: 'k',
      orderingKey: 'r1',
    })
    expect({ ...event.metadata }).toEqual({ trace: 'a' })
    expect(JSON.parse(new TextDecoder().decode(event.body))).toMatchObject({ data: run.data })
  })

  it('are listed newest first, by type, state and time, page by page', async () => {
    const { clock, sender } = testSender()
    const ids: string[] = []
    for (const type of ['a', 'b', 'a']) {
      ids.unshift((await sender.send({ type, data: 1 })).eventId)
      await clock.advance('1h')
    }
    sender.enqueue(await sender.prepare({ type: 'c', data: 1, id: 'c' }))
    const list = async (filter: Parameters<typeof sender.events.list>[0]) =>
      (await sender.events.list(filter)).items.map((event) => event.id)
    expect(await list({})).toEqual(['c', ...ids])
    expect(await list({ type: 'b' })).toEqual([ids[1]])
    expect(await list({ state: 'recorded' })).toEqual(['c'])
    expect(await list({ since: '2026-01-01T01:00:00Z', until: '2026-01-01T03:00:00Z' })).toEqual(
      ids.slice(0, 2),
    )
    const first = await sender.events.list({ limit: 3 })
    expect(await list({ limit: 3, cursor: first.cursor ?? '' })).toEqual([ids[2]])
  })
})
