import assert from 'node:assert/strict'
import type { HistoryItem, HistoryQuery } from '../../../ports/delivery-log'
import type { Bench } from '../bench'
import { at, inTurn, only, readPages, TENANT } from '../helpers'
import type { Laws } from '../law'

export const historyLaws = {
  'history: events come oldest first, each with what the endpoint got of it': async (bench) => {
    const [mine, other] = await bench.endpoints(2)
    assert.ok(mine && other)
    const first = await bench.send([mine, other])
    for (const claimed of (await bench.claim()).deliveries) await bench.settle(claimed)
    const missed = await bench.send([other])
    const item = bench.redelivery(first.event, mine)
    await bench.store.deliveries.redeliver([item])
    const recorded = await bench.record()
    const history = await read(bench, mine.id)
    assert.deepEqual(
      history.map(({ event }) => event.id),
      [first.event.id, missed.event.id, recorded.id],
    )
    assert.deepEqual(
      history.map(({ deliveries }) => deliveries.map(({ id, state }) => [id, state.status])),
      [
        [
          [at(first.ids, 0), 'succeeded'],
          [item.id, 'pending'],
        ],
        [],
        [],
      ],
    )
    assert.deepEqual([...(at(history, 1).event.body ?? [])], [...missed.event.body])
  },

  'history: exact types and a range that holds its start and not its end': async (bench) => {
    const endpoint = await bench.endpoint()
    const types = ['run.completed', 'run.failed', 'run.completed.late', 'run.failed']
    const ids = await inTurn(types.length, async (index) => {
      const { event } = await bench.send([endpoint], { type: at(types, index) })
      await bench.pass(5)
      return event.id
    })
    const found = async (query: Partial<HistoryQuery>) =>
      (await read(bench, endpoint.id, query)).map(({ event }) => event.id)
    assert.deepEqual(await found({ types: ['run.failed'] }), [at(ids, 1), at(ids, 3)])
    assert.deepEqual(await found({ types: ['run.completed'] }), [at(ids, 0)])
    assert.deepEqual(await found({ types: ['run.completed', 'run.failed'] }), [
      at(ids, 0),
      at(ids, 1),
      at(ids, 3),
    ])
    const since = (await bench.readEvent(at(ids, 1))).recordedAt
    const until = (await bench.readEvent(at(ids, 3))).recordedAt
    assert.deepEqual(await found({ since, until }), [at(ids, 1), at(ids, 2)])
  },

  'history: paging keeps every event while deliveries come and go': async (bench) => {
    const endpoint = await bench.endpoint()
    const ids = await inTurn(7, async () => (await bench.send([endpoint])).event.id)
    const { now } = await bench.claim({ limit: 0 })
    const query = { tenantId: TENANT, endpointId: endpoint.id, since: 0, until: now + 1, limit: 3 }
    const pages = await readPages(
      (from) => bench.store.log.history({ ...query, ...from }),
      async () => {
        await bench.settle(only((await bench.claim({ limit: 1 })).deliveries))
        await bench.pass(5)
        await bench.send([endpoint])
      },
    )
    const seen = pages.flat().map(({ event }) => event.id)
    assert.deepEqual(seen, ids)
  },
} satisfies Laws

async function read(
  bench: Bench,
  endpointId: string,
  query: Partial<HistoryQuery> = {},
): Promise<readonly HistoryItem[]> {
  const { items } = await bench.store.log.history({
    tenantId: TENANT,
    endpointId,
    since: 0,
    until: Number.MAX_SAFE_INTEGER,
    limit: 100,
    ...query,
  })
  return items
}
