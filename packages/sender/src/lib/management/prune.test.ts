import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

describe('prune', () => {
  it('drops what is old in as many steps as it takes, and nothing that is needed', async () => {
    const { clock, sender } = testSender([], { retention: { events: '1d', attempts: '2d' } })
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.sendMany(Array.from({ length: 1_500 }, () => run))
    await sender.deliverDue()
    await sender.endpoints.pause(endpoint.id)
    const { eventId } = await sender.send(run)
    await clock.advance('36h')
    expect(await sender.prune()).toEqual({ payloads: 1_500, attempts: 0, deliveries: 0, events: 0 })
    await clock.advance('36h')
    expect(await sender.prune()).toEqual({
      payloads: 0,
      attempts: 1_500,
      deliveries: 1_500,
      events: 1_500,
    })
    expect(await sender.prune()).toEqual({ payloads: 0, attempts: 0, deliveries: 0, events: 0 })
    await sender.endpoints.enable(endpoint.id)
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(await sender.events.get(eventId)).toMatchObject({ body: expect.any(Uint8Array) })
  })

  it('keeps everything where no retention was asked for', async () => {
    const { clock, sender } = testSender()
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    await clock.advance('365d')
    expect(await sender.prune()).toEqual({ payloads: 0, attempts: 0, deliveries: 0, events: 0 })
  })

  it('lets an idempotency key be used again once its event’s payload is gone', async () => {
    const { clock, sender } = testSender([], { retention: { events: '1d' } })
    await sender.send({ ...run, idempotencyKey: 'k' })
    await clock.advance('2d')
    await sender.prune()
    expect(await sender.send({ ...run, idempotencyKey: 'k' })).toMatchObject({ duplicate: false })
  })
})
