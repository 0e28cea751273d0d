import assert from 'node:assert/strict'
import type { Bench } from '../bench'
import { inTurn, only } from '../helpers'
import type { Laws } from '../law'

export const suspectLaws = {
  'suspects: a delivery lost once is claimed like any other': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    await bench.lose(1)
    const claim = await bench.claim()
    assert.equal(only(claim.deliveries).lease.deliveryId, id)
    assert.equal(claim.suspects, false)
  },

  'suspects: a delivery lost twice is left alone by ordinary claims, which say that it waits':
    async (bench) => {
      const endpoint = await bench.endpoint()
      await bench.sendTo(endpoint)
      await bench.lose(2)
      const fresh = await bench.sendTo(endpoint)
      const claim = await bench.claim()
      assert.equal(only(claim.deliveries).lease.deliveryId, fresh)
      assert.equal(claim.suspects, true)
    },

  'suspects: a solo claim answers one suspect and nothing else': async (bench) => {
    const endpoint = await bench.endpoint()
    const suspects = await inTurn(2, () => bench.sendTo(endpoint))
    await bench.lose(2)
    await bench.sendTo(endpoint)
    const first = await bench.claimOne({ solo: true })
    const second = await bench.claimOne({ solo: true })
    const claimed = [first.lease.deliveryId, second.lease.deliveryId]
    assert.deepEqual(claimed.sort(), suspects.sort())
    assert.deepEqual(await bench.claimIds({ solo: true }), [])
  },

  'suspects: a solo claim keeps the limit, the cap and the pause': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.sendTo(endpoint)
    await bench.lose(2)
    assert.deepEqual(await bench.claimIds({ solo: true, limit: 0 }), [])
    await bench.sendTo(endpoint)
    await bench.claimOne()
    assert.deepEqual(await bench.claimIds({ solo: true, perEndpoint: 1 }), [])
    await bench.store.endpoints.replace({ ...endpoint, status: 'paused' })
    assert.deepEqual(await bench.claimIds({ solo: true }), [])
    assert.equal((await bench.claim()).suspects, false)
  },

  'suspects: a solo claim answers nothing while nothing is suspect': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const claim = await bench.claim({ solo: true })
    assert.deepEqual(claim.deliveries, [])
    assert.equal(claim.suspects, false)
  },

  'suspects: a suspect that is not due yet waits unannounced': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.lose(2)
    const claimed = await bench.claimOne({ solo: true })
    await bench.settle(claimed, { status: 'pending', retryInMs: 60_000, deferred: false })
    assert.equal((await bench.claim()).suspects, false)
    assert.deepEqual(await bench.claimIds({ solo: true }), [])
  },

  'suspects: bystanders of a crash are not blamed': async (bench) => {
    await bench.fill(await bench.endpoint(), 2)
    await bench.lose(2)
    const claimed = await bench.claimOne({ solo: true })
    assert.deepEqual(claimed.progress, { attempt: 3, lost: 2, soloLost: 0, deferred: 0 })
  },

  'suspects: a lease lost alone counts against the delivery': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.lose(2)
    await bench.lose(2, { solo: true })
    const claimed = await bench.claimOne({ solo: true })
    assert.deepEqual(claimed.progress, { attempt: 5, lost: 4, soloLost: 2, deferred: 0 })
  },

  'suspects: a solo claim that was settled is not a loss': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.lose(2)
    const retry = { status: 'pending', retryInMs: 0, deferred: false } as const
    await bench.settle(await bench.claimOne({ solo: true }), retry)
    const claimed = await bench.claimOne({ solo: true })
    assert.deepEqual(claimed.progress, { attempt: 4, lost: 2, soloLost: 0, deferred: 0 })
  },

  'suspects: one waiting suspect is served however many others there are': async (bench) => {
    const [big, small] = await bench.endpoints(2)
    assert.ok(big && small)
    await bench.fill(big, 6)
    const wanted = await bench.sendTo(small)
    await bench.lose(2)
    const served = await inTurn(2, () => solo(bench))
    assert.ok(served.includes(wanted), 'within as many solo claims as endpoints')
  },
} satisfies Laws

async function solo(bench: Bench): Promise<string> {
  return (await bench.claimOne({ solo: true })).lease.deliveryId
}
