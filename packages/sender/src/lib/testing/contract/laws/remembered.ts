import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { NewEvent } from '../../../model/event'
import type { SenderStore } from '../../../ports/store'
import type { Bench } from '../bench'
import { insertAndClaimFrom, LONG, OTHER, only, TENANT } from '../helpers'
import type { Laws } from '../law'

type Change = (store: SenderStore, endpoint: EndpointRecord) => Promise<unknown>

/** Whatever another process may do to a tenant's endpoints. */
const changes = (bench: Bench): readonly Change[] => [
  ({ endpoints }) => endpoints.insert(bench.newEndpoint()),
  ({ endpoints }, endpoint) => endpoints.replace({ ...endpoint, eventTypes: ['other'] }),
  ({ endpoints }, { tenantId, id }) =>
    endpoints.transition([{ tenantId, id, throttleForMs: LONG }]),
  ({ endpoints }, { tenantId, id }) => endpoints.remove(tenantId, id),
]

export const rememberedLaws = {
  'remembered: endpoints are those that were read last, under a mark that insert takes': async (
    bench,
  ) => {
    const endpoint = await bench.endpoint()
    const mark = await markOf(bench, TENANT)
    if (mark === undefined) return
    assert.deepEqual(bench.store.endpoints.remembered?.(TENANT)?.endpoints, [endpoint])
    const event = matched(bench, endpoint, mark)
    const answer = only(await bench.store.deliveries.insert([event]))
    assert.deepEqual(answer, { eventId: event.id, duplicate: false, deliveries: 1 })
    assert.equal((await bench.claimOne()).eventId, event.id)
  },

  'remembered: nothing is written of an event that was matched before a change': async (bench) => {
    const other = await bench.handle()
    for (const change of changes(bench)) {
      const endpoint = await bench.endpoint()
      const mark = await markOf(bench, TENANT)
      if (mark === undefined) return
      await change(other, endpoint)
      for (const insert of [insertOnly, insertClaiming]) {
        const event = matched(bench, endpoint, mark)
        assert.deepEqual(await insert(bench.store, event), outdated(event))
        assert.equal(await bench.store.log.event(TENANT, event.id), undefined)
      }
      assert.deepEqual(await bench.claimIds(), [])
    }
  },

  'remembered: an outdated event hinders no other of its batch': async (bench) => {
    const endpoint = await bench.endpoint()
    const theirs = await bench.endpoint({ tenantId: OTHER })
    const [mark, theirMark] = [await markOf(bench, TENANT), 'of nothing that there was']
    if (mark === undefined) return
    const kept = [matched(bench, endpoint, mark), bench.event()]
    const lost = matched(bench, theirs, theirMark)
    const known = { ...matched(bench, endpoint, mark), id: kept[0]?.id ?? '' }
    const answers = await bench.store.deliveries.insert([lost, ...kept, known])
    assert.deepEqual(answers, [
      outdated(lost),
      { eventId: kept[0]?.id, duplicate: false, deliveries: 1 },
      { eventId: kept[1]?.id, duplicate: false, deliveries: 0 },
      { eventId: kept[0]?.id, duplicate: true, deliveries: 1 },
    ])
    assert.equal(await bench.store.log.event(OTHER, lost.id), undefined)
  },
} satisfies Laws

async function markOf({ store }: Bench, tenantId: string): Promise<string | undefined> {
  await store.endpoints.forTenant(tenantId)
  return store.endpoints.remembered?.(tenantId)?.mark
}

const matched = (bench: Bench, endpoint: EndpointRecord, mark: string): NewEvent =>
  bench.event({ tenantId: endpoint.tenantId, fanOut: bench.fanOut([endpoint]), mark })

const outdated = ({ id }: NewEvent) => ({
  eventId: id,
  duplicate: false,
  deliveries: 0,
  outdated: true,
})

const insertOnly = async ({ deliveries }: SenderStore, event: NewEvent) =>
  only(await deliveries.insert([event]))

const insertClaiming = async (store: SenderStore, event: NewEvent) =>
  only((await insertAndClaimFrom(store, [event])).events)
