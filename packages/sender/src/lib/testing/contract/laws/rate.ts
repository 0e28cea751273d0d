import assert from 'node:assert/strict'
import type { RateLimit } from '../../../model/endpoint'
import type { SenderStore } from '../../../ports/store'
import type { Bench } from '../bench'
import { claimFrom, inTurn, LONG, SHORT } from '../helpers'
import type { Laws } from '../law'

/** Two at once after a pause, and then one every 20 ms. */
const limit: RateLimit = { limit: 20, perMs: 380 }
const hourly: RateLimit = { limit: 1, perMs: 3_600_000 }

export const rateLaws = {
  'rate: no window holds more claims than the limit, over all handles': async (bench) => {
    const other = await bench.handle()
    await bench.fill(await bench.endpoint({ rateLimit: limit }), 200)
    await bench.pass(SHORT)
    const times = await claimTimes(bench, [bench.store, other], 50)
    assertWithin(times, limit)
  },

  'rate: gives what the limit allows, and saves up little': async (bench) => {
    await bench.fill(await bench.endpoint({ rateLimit: limit }), 200)
    await bench.pass(1_000)
    assert.equal((await bench.claimIds()).length, 2, 'a twentieth of the limit, and one')
    const times = await claimTimes(bench, [bench.store], 20)
    const elapsed = (times.at(-1) ?? 0) - (times[0] ?? 0)
    const most = Math.floor(elapsed / 20) + 2
    assert.ok(times.length <= most, `${times.length} in ${elapsed} ms`)
    assert.ok(times.length >= 10, `only ${times.length} in ${elapsed} ms`)
  },

  'rate: concurrent claims together keep it': async (bench) => {
    const other = await bench.handle()
    await bench.fill(await bench.endpoint({ rateLimit: { limit: 60, perMs: 3_600_000 } }), 50)
    const claims = await Promise.all(
      [bench.store, other, bench.store, other].map((store) => claimFrom(store)),
    )
    assert.equal(claims.flatMap(({ deliveries }) => deliveries).length, 4)
  },

  'rate: a retry counts, and so does what was released': async (bench) => {
    await bench.sendTo(await bench.endpoint({ rateLimit: hourly }))
    const claimed = await bench.claimOne()
    await bench.store.deliveries.release([claimed.lease])
    assert.deepEqual(await bench.claimIds(), [])
    const id = await bench.sendTo(await bench.endpoint({ rateLimit: hourly }))
    const first = await bench.claimOne()
    assert.equal(first.lease.deliveryId, id)
    await bench.settle(first, { status: 'pending', retryInMs: 0, deferred: false })
    assert.deepEqual(await bench.claimIds(), [])
  },

  'rate: a suspect counts and waits like any other': async (bench) => {
    const endpoint = await bench.endpoint()
    await inTurn(2, () => bench.sendTo(endpoint))
    await bench.lose(2)
    await bench.store.endpoints.replace({ ...endpoint, rateLimit: hourly })
    await bench.claimOne({ solo: true })
    assert.deepEqual(await bench.claimIds({ solo: true }), [])
    assert.equal((await bench.claim()).suspects, false)
    await bench.sendTo(endpoint)
    assert.deepEqual(await bench.claimIds(), [])
  },

  'rate: other endpoints do not wait for it': async (bench) => {
    const limited = await bench.endpoint({ rateLimit: hourly })
    await bench.fill(limited, 10)
    const [free, theirs] = [await bench.endpoint(), await bench.endpoint({ rateLimit: hourly })]
    for (const endpoint of [free, theirs]) await bench.fill(endpoint, 3)
    const claimed = (await bench.claim()).deliveries.map(({ endpoint }) => endpoint.id)
    const count = ({ id }: { readonly id: string }) => claimed.filter((one) => one === id).length
    assert.deepEqual([count(limited), count(free), count(theirs)], [1, 3, 1])
    const wanted = await bench.sendTo(free)
    assert.deepEqual(await bench.claimIds({ limit: 1 }), [wanted])
  },

  'rate: a changed limit begins anew, and one taken away holds no longer': async (bench) => {
    const endpoint = await bench.endpoint({ rateLimit: hourly })
    await bench.fill(endpoint, 10)
    await bench.claimOne()
    const changed = await bench.store.endpoints.replace({
      ...endpoint,
      rateLimit: { limit: 2, perMs: 3_600_000 },
    })
    assert.equal((await bench.claimIds()).length, 1)
    assert.deepEqual(await bench.claimIds(), [])
    const { rateLimit: _, ...unlimited } = changed ?? endpoint
    await bench.store.endpoints.replace(unlimited)
    assert.equal((await bench.claimIds()).length, 8)
  },

  'rate: a change of anything else does not begin it anew': async (bench) => {
    const endpoint = await bench.endpoint({ rateLimit: hourly })
    await bench.fill(endpoint, 2)
    await bench.claimOne()
    await bench.store.endpoints.replace({ ...endpoint, rateLimit: { ...hourly }, name: 'other' })
    assert.deepEqual(await bench.claimIds(), [])
  },

  'rate: a disabled endpoint has none, and all of its deliveries are answered': async (bench) => {
    const endpoint = await bench.endpoint({ rateLimit: hourly })
    const { tenantId, id } = endpoint
    await bench.fill(endpoint, 5)
    await bench.store.endpoints.transition([{ tenantId, id, disable: 'gone' }])
    assert.equal((await bench.claimIds()).length, 5)
  },

  'nextDueIn: not later than the rate allows the next': async (bench) => {
    await bench.fill(await bench.endpoint({ rateLimit: { limit: 1, perMs: 5_000 } }), 2)
    await bench.claimOne()
    const due = await bench.store.deliveries.nextDueIn()
    assert.ok(due !== undefined && due > 0 && due <= 5_000, `due in ${due}`)
  },
} satisfies Laws

/** The store's time of each claim that looking every few milliseconds gets. */
async function claimTimes(
  bench: Bench,
  stores: readonly SenderStore[],
  looks: number,
): Promise<readonly number[]> {
  const times = await inTurn(looks, async () => {
    await bench.pass(15)
    const claims = await Promise.all(stores.map((store) => claimFrom(store, { leaseMs: LONG })))
    return claims.flatMap(({ now, deliveries }) => deliveries.map(() => now))
  })
  return times.flat().sort((a, b) => a - b)
}

function assertWithin(times: readonly number[], { limit, perMs }: RateLimit): void {
  assert.ok(times.length > limit, `${times.length} claims are too few to tell`)
  for (const [index, time] of times.entries()) {
    const beyond = times[index + limit]
    assert.ok(
      beyond === undefined || beyond - time >= perMs,
      `${limit + 1} claims within ${(beyond ?? 0) - time} ms`,
    )
  }
}
