import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

async function failedOnce() {
  const bench = testSender([500], { retry: { schedule: ['0s'] } })
  const { endpoint } = await bench.sender.endpoints.create({ url })
  const { eventId } = await bench.sender.send(run)
  await bench.sender.deliverDue()
  const [delivery] = (await bench.sender.deliveries.list()).items
  if (delivery === undefined) throw new TypeError('no delivery')
  return { ...bench, endpoint, eventId, delivery }
}

describe('the log', () => {
  it('filters by status, endpoint, event, type and time', async () => {
    const { clock, sender, delivery, eventId, endpoint } = await failedOnce()
    await clock.advance('1h')
    const since = new Date(clock.now())
    await sender.send({ type: 'job.done', data: {} })
    await sender.deliverDue()
    const ids = async (filter: Parameters<typeof sender.deliveries.list>[0]) =>
      (await sender.deliveries.list(filter)).items.map((item) => item.type)
    expect(await ids({})).toEqual(['job.done', 'run.completed'])
    expect(await ids({ status: 'failed' })).toEqual(['run.completed'])
    expect(await ids({ eventId })).toEqual(['run.completed'])
    expect(await ids({ type: 'job.done' })).toEqual(['job.done'])
    expect(await ids({ since })).toEqual(['job.done'])
    expect(await ids({ until: since })).toEqual(['run.completed'])
    expect(await ids({ endpointId: endpoint.id, limit: 1 })).toEqual(['job.done'])
    expect(await sender.deliveries.get(delivery.id)).toMatchObject({
      status: 'failed',
      reason: 'exhausted',
      lastStatus: 500,
    })
    expect(await sender.deliveries.attempts(delivery.id)).toMatchObject([
      { number: 1, outcome: 'http', status: 500, startedAt: expect.any(Date) },
    ])
  })

  it('keeps of a response what the capture limit and the redact hook leave', async () => {
    const { sender } = testSender([{ status: 200, body: 'secret and more' }], {
      capture: 6,
      redact: (attempt) => ({ ...attempt, responseBody: new TextEncoder().encode('***') }),
    })
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    const [delivery] = (await sender.deliveries.list()).items
    const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
    expect(attempt).toMatchObject({ responseTruncated: true })
    expect(new TextDecoder().decode(attempt?.responseBody)).toBe('***')
  })

  it('keeps nothing of a response when the redact hook throws', async () => {
    const { sender } = testSender([{ status: 200, body: 'secret' }], {
      redact: () => {
        throw new TypeError('redact failed')
      },
    })
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery?.status).toBe('succeeded')
    const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
    expect(attempt).not.toHaveProperty('responseBody')
  })

  it('hides other tenants, but from the operator', async () => {
    const { sender, delivery } = await failedOnce()
    const acme = sender.tenant('acme')
    expect((await acme.deliveries.list()).items).toEqual([])
    for (const call of [
      acme.deliveries.get,
      acme.deliveries.attempts,
      acme.deliveries.cancel,
      acme.deliveries.replay,
    ]) {
      await expect(call(delivery.id)).rejects.toMatchObject({ code: 'delivery_not_found' })
    }
    await expect(acme.endpoints.get(delivery.endpointId)).rejects.toMatchObject({
      code: 'endpoint_not_found',
    })
    await expect(acme.events.get(delivery.eventId)).rejects.toMatchObject({
      code: 'event_not_found',
    })
    expect((await sender.operator.deliveries.list()).items).toHaveLength(1)
    expect((await sender.operator.deliveries.list({ tenantId: 'acme' })).items).toEqual([])
    expect((await sender.operator.events.list()).items).toHaveLength(1)
    expect(await sender.operator.statistics()).toMatchObject({ failed: 1 })
    expect(await acme.statistics()).toMatchObject({ failed: 0 })
  })
})

describe('cancel', () => {
  it('ends a pending delivery, and refuses a finished one', async () => {
    const { sender, transport } = testSender()
    await sender.endpoints.create({ url })
    await sender.send(run)
    const [delivery] = (await sender.deliveries.list()).items
    expect(await sender.deliveries.cancel(delivery?.id ?? '')).toMatchObject({ status: 'canceled' })
    await sender.deliverDue()
    expect(transport.requests).toEqual([])
    await expect(sender.deliveries.cancel(delivery?.id ?? '')).rejects.toMatchObject({
      code: 'cancel_refused',
    })
    await expect(sender.deliveries.cancel('dlv_none')).rejects.toMatchObject({
      code: 'delivery_not_found',
    })
  })

  it('of a delivery under way keeps its attempt in the log, and makes no other', async () => {
    const { clock, sender, transport } = testSender(() => ({ status: 500, delay: '1s' }))
    await sender.endpoints.create({ url })
    await sender.send(run)
    const passing = sender.deliverDue()
    await clock.advance(10)
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery?.status).toBe('delivering')
    await sender.deliveries.cancel(delivery?.id ?? '')
    await clock.advance('1d')
    await passing
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(1)
    expect(await sender.deliveries.get(delivery?.id ?? '')).toMatchObject({ status: 'canceled' })
    expect(await sender.deliveries.attempts(delivery?.id ?? '')).toMatchObject([{ status: 500 }])
  })
})

describe('replay', () => {
  it('sends the same bytes with the same id, or with a new one', async () => {
    const { sender, transport, delivery, eventId } = await failedOnce()
    const again = await sender.deliveries.replay(delivery.id)
    expect(again).toMatchObject({ status: 'pending', messageId: eventId, replayOf: delivery.id })
    await sender.deliverDue()
    await sender.deliveries.replay(delivery.id, { as: 'new' })
    await sender.deliverDue()
    await sender.deliveries.replay(delivery.id, { as: 'new' })
    await sender.deliverDue()
    expect(transport.requests.map((request) => request.headers['webhook-id'])).toEqual([
      eventId,
      eventId,
      `${eventId}-r1`,
      `${eventId}-r2`,
    ])
    expect(new Set(transport.requests.map((request) => request.text)).size).toBe(1)
  })

  it('is refused, with the reason', async () => {
    const { clock, sender, delivery, endpoint } = await failedOnce()
    const refusal = (reason: string) => ({ code: 'replay_refused', details: { reason } })
    await sender.deliveries.replay(delivery.id)
    await expect(sender.deliveries.replay(delivery.id)).rejects.toMatchObject(refusal('pending'))
    await sender.deliverDue()
    await sender.endpoints.disable(endpoint.id)
    await expect(sender.deliveries.replay(delivery.id)).rejects.toMatchObject(
      refusal('endpoint_disabled'),
    )
    await sender.endpoints.delete(endpoint.id)
    await expect(sender.deliveries.replay(delivery.id)).rejects.toMatchObject(
      refusal('endpoint_deleted'),
    )
    await clock.advance('1d')
  })

  it('of a pruned payload is refused, not sent empty', async () => {
    const { clock, sender, transport } = testSender([], { retention: { events: '7d' } })
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    await clock.advance('8d')
    expect(await sender.prune()).toMatchObject({ payloads: 1, deliveries: 0 })
    const [delivery] = (await sender.deliveries.list()).items
    await expect(sender.deliveries.replay(delivery?.id ?? '')).rejects.toMatchObject({
      details: { reason: 'payload_pruned' },
    })
    expect(transport.requests).toHaveLength(1)
  })
})
