import { describe, expect, it, vi } from 'vitest'
import { createSender } from '../create-sender'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { fakeClock } from '../testing/fake-clock'
import { recordingTransport } from '../testing/recording-transport'

vi.setConfig({ testTimeout: 60_000 })

const keyed = (orderingKey: string, runId: string) => ({ ...run, orderingKey, data: { runId } })

const dataOf = (text: string): { readonly runId: string } => JSON.parse(text).data

describe('a rate limit', () => {
  it('of 50 a second holds over four workers, and is used', async () => {
    const clock = fakeClock()
    const store = memoryStore()
    const transport = recordingTransport(() => ({ status: 200, delay: '30ms' }), { clock })
    const workers = Array.from({ length: 4 }, () => createSender({ store, clock, transport }))
    const [sender] = workers
    if (!sender) throw new TypeError('no worker')
    await sender.endpoints.create({ url, rateLimit: { limit: 50, per: '1s' } })
    for (let batch = 0; batch < 15; batch += 1)
      await sender.sendMany(Array.from({ length: 100 }, () => run))
    for (const worker of workers) worker.start()
    await clock.advance('20s')
    const rate = transport.requests.length / 20
    console.info(`a rate limit of 50 a second, four workers: ${rate} a second over 20 s`)
    expect(rate).toBeGreaterThanOrEqual(45)
    expect(rate).toBeLessThanOrEqual(52)
    const stopping = workers.map((worker) => worker.stop())
    await clock.advance('1s')
    await Promise.all(stopping)
  })
})

describe('an ordered endpoint', () => {
  it('gets the events of a key one at a time and in order, while others overtake them', async () => {
    const seen: string[] = []
    let failures = 2
    const { clock, sender } = testSender(
      ({ text }) => {
        const { runId } = dataOf(text)
        const isLate = runId === 'a1' && failures-- > 0
        seen.push(isLate ? `${runId} late` : runId)
        return isLate ? 500 : 200
      },
      { retry: { schedule: ['0s', '10s', '10s'], jitter: 0 } },
    )
    await sender.endpoints.create({ url, ordered: 'block' })
    await sender.sendMany([keyed('a', 'a1'), keyed('a', 'a2'), keyed('b', 'b1'), keyed('a', 'a3')])
    sender.start()
    await clock.advance('1m')
    expect(seen.filter((one) => one.startsWith('a'))).toEqual([
      'a1 late',
      'a1 late',
      'a1',
      'a2',
      'a3',
    ])
    expect(seen.indexOf('b1')).toBeLessThan(2)
    const stopping = sender.stop()
    await clock.advance('1s')
    await stopping
  })

  it('that blocks tells so, and goes on after a replay of what failed', async () => {
    let status = 500
    const { sender, transport } = testSender(() => status, { retry: { schedule: ['0s'] } })
    await sender.endpoints.create({ url, ordered: 'block' })
    const blocked: unknown[] = []
    sender.on('ordering.blocked', (notice) => blocked.push(notice))
    await sender.sendMany([keyed('a', '1'), keyed('a', '2'), run])
    await sender.deliverDue()
    const { items } = await sender.deliveries.list({ status: 'failed' })
    const first = items.find(({ id }) => JSON.stringify(blocked).includes(id))
    expect(blocked).toMatchObject([{ orderingKey: 'a', deliveryId: first?.id }])
    expect(await sender.statistics()).toMatchObject({ pending: 1, failed: 2 })
    status = 200
    await sender.deliveries.replay(first?.id ?? '')
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 2 })
    expect(transport.requests).toHaveLength(4)
  })

  it('that blocks goes on once what failed is canceled', async () => {
    const { sender } = testSender([500, 200], { retry: { schedule: ['0s'] } })
    await sender.endpoints.create({ url, ordered: 'block' })
    await sender.sendMany([keyed('a', '1'), keyed('a', '2')])
    await sender.deliverDue()
    const { items } = await sender.deliveries.list({ status: 'failed' })
    const canceled = await sender.deliveries.cancel(items[0]?.id ?? '')
    expect(canceled).toMatchObject({ status: 'canceled' })
    expect(canceled).not.toHaveProperty('reason')
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
  })

  it('that proceeds goes on by itself', async () => {
    const { sender } = testSender([500, 200], { retry: { schedule: ['0s'] } })
    await sender.endpoints.create({ url, ordered: 'proceed' })
    const blocked: unknown[] = []
    sender.on('ordering.blocked', (notice) => blocked.push(notice))
    await sender.sendMany([keyed('a', '1'), keyed('a', '2')])
    expect(await sender.deliverDue()).toMatchObject({ failed: 1, succeeded: 1 })
    expect(blocked).toEqual([])
  })

  it('keeps the order of events that hosts only recorded, whichever worker matches them', async () => {
    const seen: unknown[] = []
    const { clock, sender } = testSender(({ text }) => {
      seen.push(dataOf(text))
      return 200
    })
    await sender.endpoints.create({ url, ordered: 'proceed' })
    sender.enqueue(await sender.prepare(keyed('a', '1')))
    await sender.send(keyed('a', '2'))
    sender.enqueue(await sender.prepare(keyed('a', '3')))
    await sender.send(keyed('a', '4'))
    sender.start()
    await clock.advance('3s')
    expect(seen).toEqual(['1', '2', '3', '4'].map((runId) => ({ runId })))
    await sender.stop()
  })
})
