import { describe, expect, it } from 'vitest'
import { createSender } from '../create-sender'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { fakeClock } from '../testing/fake-clock'
import { recordingTransport } from '../testing/recording-transport'

describe('a started worker', () => {
  it('delivers what is sent without being asked, and retries on time', async () => {
    const { clock, sender, transport } = testSender([500])
    await sender.endpoints.create({ url })
    sender.start()
    await sender.send(run)
    await clock.advance(0)
    expect(transport.requests).toHaveLength(1)
    await clock.advance(4_999)
    expect(transport.requests).toHaveLength(1)
    await clock.advance(1)
    expect(transport.requests).toHaveLength(2)
    await sender.stop()
    expect(clock.sleeping).toBe(0)
  })

  it('finds what another process recorded by polling', async () => {
    const { clock, sender, store, transport } = testSender()
    await sender.endpoints.create({ url })
    sender.start()
    await clock.advance(10)
    store.host.enqueue([await sender.prepare(run)])
    await clock.advance('1s')
    expect(transport.requests).toHaveLength(1)
    await sender.stop()
  })

  it('finds what was enqueued at once after wake()', async () => {
    const { clock, sender, transport } = testSender()
    await sender.endpoints.create({ url })
    sender.start()
    await clock.advance(10)
    sender.enqueue(await sender.prepare(run))
    sender.wake()
    await clock.advance(5)
    expect(transport.requests).toHaveLength(1)
    await sender.stop()
  })

  it('goes on after its store failed', async () => {
    const { clock, sender, store, transport } = testSender()
    await sender.endpoints.create({ url })
    const errors: unknown[] = []
    sender.on('worker.error', ({ error }) => errors.push(error))
    const { claim } = store.deliveries
    store.deliveries.claim = async () => {
      store.deliveries.claim = claim
      throw new RangeError('the disk is gone')
    }
    await sender.send(run)
    sender.start()
    await clock.advance('2s')
    expect(errors).toEqual([new RangeError('the disk is gone')])
    expect(transport.requests).toHaveLength(1)
    await sender.stop()
  })

  it('keeps to its concurrency and to the cap of an endpoint', async () => {
    let open = 0
    let most = 0
    const { clock, sender, transport } = testSender(
      async () => {
        open += 1
        most = Math.max(most, open)
        await clock.sleep(100)
        open -= 1
        return 200
      },
      { worker: { concurrency: 7, perEndpoint: 4 } },
    )
    await sender.endpoints.create({ url: `${url}/a` })
    await sender.endpoints.create({ url: `${url}/b` })
    await sender.sendMany(Array.from({ length: 20 }, () => run))
    sender.start()
    await clock.advance('50ms')
    expect(open).toBe(7)
    expect(
      transport.requests.filter((request) => request.url.endsWith('a')).length,
    ).toBeLessThanOrEqual(4)
    await clock.advance('5s')
    expect(transport.requests).toHaveLength(40)
    expect(most).toBe(7)
    await sender.stop()
  })

  it('gives failing endpoints a fifth of its slots', async () => {
    const { clock, sender, transport } = testSender(
      ({ url }) => ({ status: url.includes('bad') ? 500 : 200, delay: '1s' }),
      { worker: { concurrency: 10, perEndpoint: 10 }, retry: { schedule: ['0s', '1s'] } },
    )
    await sender.endpoints.create({ url: `${url}/bad` })
    await sender.send(run)
    sender.start()
    await clock.advance('1100ms')
    const before = transport.requests.length
    await sender.sendMany(Array.from({ length: 30 }, () => run))
    await clock.advance('500ms')
    expect(transport.requests.length - before).toBe(2)
    const stopping = sender.stop()
    await clock.advance('1s')
    await stopping
  })

  it('extends the leases of what outlives a third of them', async () => {
    const { clock, sender, store } = testSender(() => ({ status: 200, delay: '14s' }))
    const extended: number[] = []
    const { extend } = store.deliveries
    store.deliveries.extend = async (leases, leaseMs) => {
      extended.push(leases.length)
      return extend(leases, leaseMs)
    }
    await sender.endpoints.create({ url })
    await clock.advance('10s')
    sender.start()
    await clock.advance('8s')
    await sender.send(run)
    await clock.advance('14s')
    expect(extended).toEqual([1])
    await sender.stop()
  })
})

describe('stop', () => {
  it('lets attempts in flight end, claims nothing more, and refuses to send', async () => {
    const { clock, sender } = testSender(() => ({ status: 200, delay: '10s' }), {
      worker: { concurrency: 1 },
    })
    await sender.endpoints.create({ url })
    await sender.sendMany([run, run])
    sender.start()
    await clock.advance('1s')
    const stopping = sender.stop({ timeout: '15s' })
    await clock.advance('10s')
    await stopping
    const states = (await sender.deliveries.list()).items.map((delivery) => delivery.status).sort()
    expect(states).toEqual(['pending', 'succeeded'])
    await expect(sender.send(run)).rejects.toMatchObject({ code: 'sender_stopped' })
    await expect(sender.deliverDue()).rejects.toMatchObject({ code: 'sender_stopped' })
    expect(() => sender.start()).toThrow(expect.objectContaining({ code: 'sender_stopped' }))
  })

  it('cuts off what outlasts the timeout, logs it, and leaves it due at once and without blame', async () => {
    const clock = fakeClock()
    const store = memoryStore()
    const cut: (() => void)[] = []
    const transport = {
      send: () => new Promise<never>((_, reject) => cut.push(() => reject(new RangeError('cut')))),
      close: async () => {
        for (const end of cut) end()
      },
    }
    const sender = createSender({ store, clock, transport })
    await sender.endpoints.create({ url })
    await sender.send(run)
    sender.start()
    await clock.advance(1)
    const stopping = sender.stop({ timeout: '2s' })
    await clock.advance('2s')
    await stopping
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery).toMatchObject({ status: 'pending', dueAt: new Date(clock.now()) })
    expect(await sender.deliveries.attempts(delivery?.id ?? '')).toMatchObject([
      { outcome: 'network', error: { code: 'sender_stopped' } },
    ])

    const successor = createSender({ store, clock, transport: recordingTransport() })
    expect(await successor.deliverDue()).toMatchObject({ succeeded: 1 })
  })

  it('may be called before start, and twice', async () => {
    const { sender } = testSender()
    await Promise.all([sender.stop(), sender.stop()])
  })
})

describe('a worker that died with its claims', () => {
  const claim = { limit: 10, leaseMs: 45_000, perEndpoint: 10, failingLimit: 10 }

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
