import assert from 'node:assert/strict'
import { inTurn, OTHER, only } from '../helpers'
import type { Laws } from '../law'
import { fanOut, keyed, succeed } from './order-steps'

export const orderMatchingLaws = {
  'order: events that were only recorded come in their order, whichever is fanned out first':
    async (bench) => {
      const other = await bench.handle()
      const endpoint = await bench.endpoint({ ordered: 'proceed' })
      await inTurn(2, () => bench.record(keyed('a')))
      const [early] = await bench.claimEvents(60_000, 1)
      const { events } = await other.deliveries.claimEvents({ limit: 1, leaseMs: 60_000 })
      const late = only(events)
      assert.ok(early)
      const second = await fanOut(bench, late, [endpoint])
      assert.deepEqual(await bench.claimIds(), [])
      const first = await fanOut(bench, early, [endpoint])
      assert.deepEqual(await succeed(bench), first)
      assert.deepEqual(await bench.claimIds(), second)
    },

  'order: no event overtakes an earlier one of its key that is still to be matched': async (
    bench,
  ) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    await bench.record(keyed('a'))
    const second = await bench.sendTo(endpoint, keyed('a'))
    const other = await bench.sendTo(endpoint, keyed('b'))
    assert.deepEqual(await bench.claimIds(), [other])
    const [early] = await bench.claimEvents()
    assert.ok(early)
    assert.deepEqual(await bench.claimIds(), [])
    const first = await fanOut(bench, early, [endpoint])
    assert.deepEqual(await succeed(bench), first)
    assert.deepEqual(await bench.claimIds(), [second])
  },

  'order: an earlier event that goes elsewhere, or is invalid, holds nothing back': async (
    bench,
  ) => {
    const [endpoint, other] = [
      await bench.endpoint({ ordered: 'proceed' }),
      await bench.endpoint({ ordered: 'proceed' }),
    ]
    await inTurn(2, () => bench.record(keyed('a')))
    const id = await bench.sendTo(endpoint, keyed('a'))
    const [elsewhere, invalid] = await bench.claimEvents()
    assert.ok(elsewhere && invalid)
    await fanOut(bench, elsewhere, [other])
    assert.deepEqual((await bench.claimIds()).includes(id), false)
    await bench.store.deliveries.fanOut([
      { ...invalid, outcome: { kind: 'invalid', issues: [{ path: '', message: 'broken' }] } },
    ])
    assert.deepEqual(await bench.claimIds(), [id])
  },

  "order: another tenant's unmatched event of the same key holds nothing back": async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    await bench.record({ tenantId: OTHER, ...keyed('a') })
    const id = await bench.sendTo(endpoint, keyed('a'))
    assert.deepEqual(await bench.claimIds(), [id])
  },
} satisfies Laws
