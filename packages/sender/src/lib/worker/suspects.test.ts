import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

describe('a worker that died with its claims', () => {
  const slots = { limit: 10, perEndpoint: 10, failingLimit: 10 }
  const claim = { ...slots, leaseMs: 45_000, probeAfterMs: 30_000 }

  it('costs its deliveries a lease, and no attempt of the schedule', async () => {
    const { clock, sender, store, transport } = testSender([500])
    await sender.endpoints.create({ url })
    await sender.send(run)
    expect((await store.deliveries.claim({ ...claim, solo: false })).deliveries).toHaveLength(1)
    await clock.advance(44_999)
    expect(await sender.deliverDue()).toMatchObject({ retrying: 0 })
    await clock.advance(1)
    expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
    expect((await sender.deliveries.list()).items[0]).toMatchObject({
      attempts: 2,
      dueAt: new Date(clock.now() + 5_000),
    })
    await clock.advance('5s')
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(2)
  })

  it('makes suspects of what it took along twice; they run alone, and five losses alone are poison', async () => {
    const { clock, sender, store, transport } = testSender()
    await sender.endpoints.create({ url })
    await sender.sendMany([
      { ...run, id: 'guilty' },
      { ...run, id: 'bystander' },
    ])
    for (let crash = 0; crash < 2; crash += 1) {
      expect((await store.deliveries.claim({ ...claim, solo: false })).deliveries).toHaveLength(2)
      await clock.advance('45s')
    }
    let lostAlone = 0
    while (lostAlone < 5) {
      const together = await store.deliveries.claim({ ...claim, solo: false })
      expect(together).toMatchObject({ deliveries: [], suspects: true })
      const { deliveries } = await store.deliveries.claim({ ...claim, solo: true })
      expect(deliveries).toHaveLength(1)
      if (deliveries[0]?.eventId === 'guilty') {
        lostAlone += 1
        await clock.advance('45s')
      } else {
        await store.deliveries.release(deliveries.map((delivery) => delivery.lease))
        break
      }
    }
    expect(lostAlone).toBe(5)
    expect(await sender.deliverDue()).toMatchObject({ failed: 1, succeeded: 1 })
    const states = (await sender.deliveries.list()).items.map(({ eventId, status }) => [
      eventId,
      status,
    ])
    expect(Object.fromEntries(states)).toEqual({ guilty: 'failed', bystander: 'succeeded' })
    expect(transport.requests).toHaveLength(1)
  })

  it('leaves suspects that a started worker runs one at a time', async () => {
    let open = 0
    let most = 0
    const { clock, sender, store } = testSender(async () => {
      open += 1
      most = Math.max(most, open)
      await clock.sleep(10)
      open -= 1
      return 200
    })
    await sender.endpoints.create({ url })
    await sender.sendMany([run, run, run])
    for (let crash = 0; crash < 2; crash += 1) {
      await store.deliveries.claim({ ...claim, solo: false })
      await clock.advance('45s')
    }
    sender.start()
    await clock.advance('1s')
    expect((await sender.statistics()).succeeded).toBe(3)
    expect(most).toBe(1)
    await sender.stop()
  })
})
