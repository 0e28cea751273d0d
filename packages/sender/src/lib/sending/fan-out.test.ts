import { defineEnvelope } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { createSender } from '../create-sender'
import { run, testSender, url } from '../test-sender'

const bodies = (requests: readonly { readonly text: string }[]) =>
  requests.map((request) => JSON.parse(request.text))

/** Lays out only events whose data has a name. */
const named = defineEnvelope({
  name: 'named',
  encode: ({ type, data }) => {
    if (typeof data !== 'object' || data === null || !('name' in data))
      throw new RangeError('no name')
    return { event: type, name: data.name }
  },
  decode: () => ({ ok: false, issues: [] }),
})

describe('an envelope', () => {
  it('is the sender’s, or the endpoint’s own', async () => {
    const { sender, transport } = testSender([], { signing: { envelope: 'raw' } })
    await sender.endpoints.create({ url })
    await sender.endpoints.create({ url, envelope: 'standard' })
    const { eventId } = await sender.send(run)
    await sender.deliverDue()
    expect(bodies(transport.requests)).toEqual([
      { runId: 'r1' },
      { id: eventId, type: run.type, timestamp: '2026-01-01T00:00:00.000Z', data: { runId: 'r1' } },
    ])
  })

  it('of an event that was only recorded is laid out when it is matched', async () => {
    const { sender, transport } = testSender([], { signing: { envelopes: [named] } })
    await sender.endpoints.create({ url, envelope: 'named' })
    sender.enqueue(await sender.prepare({ type: 'user.joined', data: { name: 'Ada' } }))
    await sender.deliverDue()
    expect(bodies(transport.requests)).toEqual([{ event: 'user.joined', name: 'Ada' }])
  })

  it('that cannot lay an event out fails its delivery in sight, and no other', async () => {
    const { sender, transport } = testSender([], { signing: { envelopes: [named] } })
    const { endpoint } = await sender.endpoints.create({ url, envelope: 'named' })
    await sender.endpoints.create({ url: `${url}/other` })
    expect(await sender.send(run)).toMatchObject({ deliveries: 2 })
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1, failed: 1 })
    expect(transport.requests.map((request) => request.url)).toEqual([`${url}/other`])
    const { items } = await sender.deliveries.list({ endpointId: endpoint.id })
    expect(items).toMatchObject([{ status: 'failed', reason: 'config' }])
  })

  it('of a replay is the one that the endpoint has by then', async () => {
    const { sender, transport } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    await sender.endpoints.update(endpoint.id, { envelope: 'raw' })
    const [delivery] = (await sender.deliveries.list()).items
    await sender.deliveries.replay(delivery?.id ?? '')
    await sender.deliverDue()
    expect(bodies(transport.requests)[1]).toEqual({ runId: 'r1' })
  })

  it('that is registered no more cannot be sent, and is not sent as another', async () => {
    const { clock, sender, store, transport } = testSender([], { signing: { envelopes: [named] } })
    await sender.endpoints.create({ url, envelope: 'named' })
    const later = createSender({ store, clock, transport })
    await later.send({ type: 'user.joined', data: { name: 'Ada' } })
    expect(await later.deliverDue()).toMatchObject({ failed: 1 })
    expect(transport.requests).toEqual([])
  })
})

describe('matching', () => {
  it('counts the deliveries that will be made', async () => {
    const { sender } = testSender()
    await sender.endpoints.create({ url })
    await sender.endpoints.create({ url, enabled: false })
    await sender.endpoints.create({ url, filter: { path: 'runId', eq: 'r2' } })
    await sender.endpoints.create({ url, eventTypes: ['job.*'] })
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.endpoints.pause(endpoint.id)
    const sent = await sender.send({ ...run, idempotencyKey: 'k' })
    expect(sent).toMatchObject({ deliveries: 2 })
    expect(await sender.send({ ...run, idempotencyKey: 'k' })).toEqual({ ...sent, duplicate: true })
    const { items } = await sender.deliveries.list({ eventId: sent.eventId })
    expect(items.map(({ status, reason }) => reason ?? status).sort()).toEqual([
      'disabled',
      'filtered',
      'pending',
      'pending',
    ])
  })
})
