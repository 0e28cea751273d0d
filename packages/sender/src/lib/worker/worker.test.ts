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
