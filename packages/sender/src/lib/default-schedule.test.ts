import { describe, expect, it } from 'vitest'
import { run, testSender, url } from './test-sender'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** As the documentation prints it: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. */
const delays = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

describe('the default schedule, driven through the fake clock', () => {
  it('makes 10 attempts over 75 h 35 min 5 s, each due when it should be, in under a second', async () => {
    const began = performance.now()
    const { clock, sender, transport } = testSender(() => 500)
    await sender.endpoints.create({ url })
    await sender.send(run)
    const start = clock.now()
    let due = start
    for (const [index, delay] of delays.entries()) {
      due += delay
      if (delay > 0) {
        const { items } = await sender.deliveries.list()
        expect(items[0]).toMatchObject({ status: 'pending', dueAt: new Date(due) })
        await clock.set(due - 1)
        await sender.deliverDue()
        expect(transport.requests, 'a millisecond early').toHaveLength(index)
        await clock.set(due)
      }
      await sender.deliverDue()
      expect(transport.requests).toHaveLength(index + 1)
      expect(transport.requests[index]?.at).toBe(due)
    }
    expect(due - start).toBe(75 * hour + 35 * minute + 5 * second)
    const { items } = await sender.deliveries.list()
    expect(items[0]).toMatchObject({ status: 'failed', reason: 'exhausted', attempts: 10 })
    expect(await sender.deliveries.attempts(items[0]?.id ?? '')).toHaveLength(10)
    await clock.advance('30d')
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(10)
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it('adds up to 20 % to each delay, and never takes any away', async () => {
    const spread = new Set<number>()
    for (const random of [0, 0.5, 0.999]) {
      const { clock, sender } = testSender(() => 500, { random: () => random })
      await sender.endpoints.create({ url })
      await sender.send(run)
      await sender.deliverDue()
      const { items } = await sender.deliveries.list()
      spread.add((items[0]?.dueAt?.getTime() ?? 0) - clock.now())
    }
    expect([...spread]).toEqual([5_000, 5_500, 5_999])
  })
})
