import { describe, expect, it, vi } from 'vitest'
import { run, testSender, url } from '../test-sender'

/** Days pass in seconds; on a machine that is busy, in more of them. */
vi.setConfig({ testTimeout: 60_000 })

const minute = 60_000
const hour = 60 * minute

/** An endpoint that has failed for half a minute when so many deliveries to it are recorded. */
async function deadEndpoint(waiting: number) {
  let status = 500
  const bench = testSender(() => ({ status, delay: '50ms' }), {
    worker: { pollInterval: '10m' },
  })
  const { clock, sender, transport } = bench
  const { endpoint } = await sender.endpoints.create({ url })
  const disabled: unknown[] = []
  sender.on('endpoint.disabled', ({ reason }) => disabled.push(reason))
  sender.start()
  await sender.send(run)
  await clock.advance('31s')
  await sender.sendMany(Array.from({ length: waiting }, () => run))
  const before = transport.requests.length
  return {
    ...bench,
    disabled,
    attempts: () => transport.requests.length - before,
    comeBack: () => {
      status = 200
    },
    state: () => sender.endpoints.get(endpoint.id),
    stop: async () => {
      const stopping = sender.stop()
      await clock.advance('1s')
      await stopping
    },
  }
}

describe('an endpoint that is dead', () => {
  it('costs one attempt an interval however many deliveries wait, and flows at full rate when it is back', async () => {
    const { clock, sender, attempts, comeBack, state, stop } = await deadEndpoint(1_000)
    await clock.advance(6 * hour)
    const untilLongest = Math.ceil(Math.log((50 * minute) / 31_000) / Math.log(1.1))
    const most = untilLongest + Math.ceil((6 * hour - 50 * minute) / (5 * minute)) + 2
    console.info(`a dead endpoint: ${attempts()} attempts in 6 hours, at most ${most} expected`)
    expect(attempts()).toBeLessThanOrEqual(most)
    expect(attempts()).toBeGreaterThan(most / 2)
    const { items } = await sender.deliveries.list({ status: 'pending', limit: 100 })
    expect(items.filter((item) => item.attempts > 1)).toEqual([])

    comeBack()
    let waited = 0
    for (; (await state()).health === 'failing'; waited += 1) await clock.advance('1s')
    expect(waited).toBeLessThanOrEqual(5 * 60)
    await clock.advance('6s')
    expect(await sender.statistics()).toMatchObject({ succeeded: 1_001, pending: 0 })
    await stop()
  })

  it('is disabled once, after five days, and what waits is skipped', async () => {
    const { clock, sender, attempts, disabled, state, stop } = await deadEndpoint(1_000)
    await clock.advance(5 * 24 * hour + 10 * minute)
    expect(disabled).toEqual(['failing'])
    expect(await state()).toMatchObject({ status: 'disabled', disabledReason: 'failing' })
    console.info(`a dead endpoint: ${attempts()} attempts in 5 days`)
    expect(attempts()).toBeLessThan((5 * 24 * 60) / 5 + 60)
    const { skipped, pending } = await sender.statistics()
    expect(skipped).toBeGreaterThan(900)
    expect(pending).toBe(0)
    await stop()
  })
})

describe('an endpoint that fails now and then', () => {
  it('is neither probed nor disabled', async () => {
    let requests = 0
    const { clock, sender, transport } = testSender(
      () => ({ status: ++requests % 3 === 0 ? 200 : 500 }),
      { worker: { pollInterval: '10m' }, health: { disableAfter: '2m' } },
    )
    const { endpoint } = await sender.endpoints.create({ url })
    sender.start()
    let sent = 0
    for (let second = 0; second < 300; second += 5) {
      sent += 2
      await sender.sendMany([run, run])
      await clock.advance('5s')
      const { status } = await sender.endpoints.get(endpoint.id)
      expect(status).toBe('enabled')
    }
    expect(transport.requests.length).toBeGreaterThanOrEqual(sent)
    await sender.stop()
  })
})
