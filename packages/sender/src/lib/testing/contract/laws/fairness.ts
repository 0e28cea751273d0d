import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { Bench } from '../bench'
import { inTurn } from '../helpers'
import type { Laws } from '../law'
import { type Slots, serve } from './serve'

export const fairnessLaws = {
  'fairness: one delivery is served beside the largest backlogs': async (bench) => {
    const big = await bench.endpoints(3)
    for (const endpoint of big) await bench.fill(endpoint, 60)
    await bench.pass(5)
    const small = await bench.endpoint()
    const wanted = await bench.sendTo(small)
    const claims = await inTurn(4, () => bench.claimIds({ limit: 5, perEndpoint: 20 }))
    assert.ok(claims.flat().includes(wanted), 'within as many claims as endpoints')
  },

  'fairness: an early backlog does not keep a later endpoint waiting': async (bench) => {
    const endpoints = await bench.endpoints(2)
    const [early, late] = endpoints
    assert.ok(early && late)
    await bench.fill(early, 40)
    await serve(bench, 3, { limit: 4, perEndpoint: 4 })
    const wanted = await bench.sendTo(late)
    const claims = await inTurn(2, () => bench.claimIds({ limit: 4, perEndpoint: 100 }))
    assert.ok(claims.flat().includes(wanted))
  },

  'fairness: every endpoint is served within as many claims as there are endpoints, one slot each':
    async (bench) => {
      const endpoints = await bench.endpoints(6)
      for (const [index, endpoint] of endpoints.entries())
        await bench.fill(endpoint, 12 + index * 8)
      await assertServedInTurn(bench, endpoints, { limit: 1, perEndpoint: 4 })
    },

  'fairness: every endpoint is served within as many claims as there are endpoints, several slots':
    async (bench) => {
      const endpoints = await bench.endpoints(6)
      for (const endpoint of endpoints) await bench.fill(endpoint, 40)
      await assertServedInTurn(bench, endpoints, { limit: 4, perEndpoint: 4 })
    },

  'fairness: failing endpoints take turns within their share': async (bench) => {
    const healthy = await bench.endpoint()
    const failing = await inTurn(4, () => bench.failingEndpoint())
    for (const endpoint of [healthy, ...failing]) await bench.fill(endpoint, 20)
    await assertServedInTurn(bench, failing, { limit: 6, perEndpoint: 4, failingLimit: 1 }, 5)
  },

  'fairness: an endpoint of one tenant does not wait for the backlog of another': async (bench) => {
    for (const endpoint of await bench.endpoints(2)) await bench.fill(endpoint, 40)
    const theirs = await bench.endpoint({ tenantId: 'globex' })
    const wanted = await bench.sendTo(theirs)
    const claims = await inTurn(3, () => bench.claimIds({ limit: 2 }))
    assert.ok(claims.flat().includes(wanted))
  },
} satisfies Laws

/** Two rounds; within each, every endpoint is served at least once. */
async function assertServedInTurn(
  bench: Bench,
  endpoints: readonly EndpointRecord[],
  slots: Slots,
  round: number = endpoints.length,
): Promise<void> {
  const claims = await serve(bench, 2 * round, slots)
  for (const start of [0, round]) {
    const served = new Set(claims.slice(start, start + round).flatMap((ids) => [...ids]))
    for (const { id } of endpoints) {
      assert.ok(served.has(id), `endpoint ${id} was left out of claims ${start}…${start + round}`)
    }
  }
}
