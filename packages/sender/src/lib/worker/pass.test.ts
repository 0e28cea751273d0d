import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

const claim = {
  ...{ limit: 10, leaseMs: 45_000, perEndpoint: 10, failingLimit: 10 },
  ...{ probeAfterMs: 30_000, solo: false },
}

describe('a pass', () => {
  it('does not end before what another pass claimed first is settled', async () => {
    const { clock, sender, transport } = testSender(() => ({ status: 200, delay: '1s' }), {
      worker: { concurrency: 1 },
    })
    await sender.endpoints.create({ url })
    await sender.sendMany([run, run, run])
    const ended: number[] = []
    const passes = [sender.deliverDue(), sender.deliverDue()].map(async (pass) => {
      const report = await pass
      ended.push((await sender.statistics()).succeeded)
      return report.succeeded
    })
    await clock.advance('5s')
    const [first = 0, second = 0] = await Promise.all(passes)
    expect(ended).toEqual([3, 3])
    expect(first + second).toBe(3)
    expect(transport.requests).toHaveLength(3)
  })

  it('of a started sender ends when all that was due is settled, whoever claimed it', async () => {
    const { clock, sender, transport } = testSender(() => ({ status: 200, delay: '1s' }), {
      worker: { concurrency: 4, perEndpoint: 2 },
    })
    await sender.endpoints.create({ url })
    sender.start()
    await sender.sendMany([run, run, run, run, run])
    await clock.advance(1)
    let settled = -1
    const passing = sender.deliverDue().then(async () => {
      settled = (await sender.statistics()).succeeded
    })
    await clock.advance('5s')
    await passing
    expect(settled).toBe(5)
    expect(transport.requests).toHaveLength(5)
    await sender.stop()
  })

  it('takes along what falls due meanwhile, and matches what was recorded', async () => {
    const { clock, sender, transport } = testSender(
      (_request, index) => ({ status: index === 0 ? 500 : 200, delay: '6s' }),
      { retry: { schedule: ['0s', '5s'] } },
    )
    await sender.endpoints.create({ url })
    await sender.send(run)
    await clock.advance(0)
    sender.enqueue(await sender.prepare(run))
    const passing = sender.deliverDue()
    await clock.advance('20s')
    expect(await passing).toMatchObject({ matched: 1, retrying: 1, succeeded: 1 })
    expect(transport.requests).toHaveLength(2)
  })

  it('rejects when the store fails, and holds nothing', async () => {
    const { clock, sender, store } = testSender()
    await sender.endpoints.create({ url })
    await sender.send(run)
    const { claim: claimed } = store.deliveries
    store.deliveries.claim = async () => {
      throw new RangeError('the disk is gone')
    }
    await expect(sender.deliverDue()).rejects.toThrow('the disk is gone')
    expect(clock.sleeping).toBe(0)
    store.deliveries.claim = claimed
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
  })
})

describe('a started worker', () => {
  it('rests while a cap keeps it from the suspects', async () => {
    const { clock, sender, store } = testSender([], { worker: { perEndpoint: 1 } })
    await sender.endpoints.create({ url })
    await sender.send(run)
    for (let crash = 0; crash < 2; crash += 1) {
      await store.deliveries.claim(claim)
      await clock.advance('45s')
    }
    await sender.send(run)
    // Another process has the endpoint's one place.
    expect((await store.deliveries.claim(claim)).deliveries).toHaveLength(1)
    const { claim: claimed } = store.deliveries
    let claims = 0
    store.deliveries.claim = (request) => {
      claims += 1
      // A turn of the event loop, or a hot loop would never let the test fail.
      return new Promise((resolve) => setImmediate(resolve)).then(() => claimed(request))
    }
    sender.start()
    for (let second = 0; second < 3; second += 1) {
      for (let turn = 0; turn < 50; turn += 1) await clock.advance(0)
      await clock.advance('1s')
    }
    expect(claims).toBeGreaterThan(2)
    expect(claims).toBeLessThan(20)
    for (let second = 0; second < 50; second += 1) await clock.advance('1s')
    await sender.stop()
    expect((await sender.statistics()).succeeded).toBe(2)
  })

  it('is not kept from its work by a storm of hints', async () => {
    const { clock, sender, store } = testSender()
    await sender.endpoints.create({ url })
    const { claim: claimed } = store.deliveries
    let claims = 0
    store.deliveries.claim = (request) => {
      claims += 1
      return claimed(request)
    }
    sender.start()
    await clock.advance(1)
    const before = claims
    for (let count = 0; count < 100_000; count += 1) sender.wake()
    await clock.advance(1)
    expect(claims - before).toBeLessThan(5)
    await sender.send(run)
    await clock.advance(5)
    expect((await sender.statistics()).succeeded).toBe(1)
    await sender.stop()
  })

  it('may be started twice, and is one worker', async () => {
    const { clock, sender, transport } = testSender()
    await sender.endpoints.create({ url })
    sender.start()
    const sleeping = clock.sleeping
    await clock.advance(1)
    sender.start()
    await clock.advance(1)
    expect(clock.sleeping).toBe(sleeping + 1)
    await sender.send(run)
    await clock.advance(5)
    expect(transport.requests).toHaveLength(1)
    await sender.stop()
  })
})
