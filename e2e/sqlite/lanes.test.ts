import type { Clock } from '@posthorn/sender'
import { fakeClock } from '@posthorn/sender/testing'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { describe, expect, it } from 'vitest'
import { addEndpoint, claimIds, eventTo, everything } from './fixtures'

async function openStore(clock: Clock = fakeClock()) {
  const store = sqliteStore(await openSqlite(':memory:'), { clock })
  await store.migrate()
  await addEndpoint(store, 'ep_1')
  await addEndpoint(store, 'ep_2')
  return store
}

describe('lanes', () => {
  it('a lane whose deliveries were canceled keeps nobody waiting', async () => {
    const store = await openStore()
    const first = eventTo('ep_1')
    const second = eventTo('ep_2')
    await store.deliveries.insert([first, second])
    await claimIds(store, { limit: 0 })
    const [canceled] = first.fanOut?.deliveries ?? []
    await store.deliveries.cancel('default', canceled?.id ?? '')
    expect(await claimIds(store, { limit: 1 })).toEqual([second.fanOut?.deliveries[0]?.id])
  })

  it('a clock that is put back makes nobody wait longer than its own deliveries', async () => {
    let time = 1_000_000
    const clock = { now: () => time, sleep: async () => {} }
    const store = await openStore(clock)
    await store.deliveries.insert([eventTo('ep_1')])
    await claimIds(store, { limit: 0 })
    time -= 10_000
    expect(await claimIds(store)).toEqual([])
    const event = eventTo('ep_2')
    await store.deliveries.insert([event])
    expect(await claimIds(store, { limit: 1 })).toEqual([event.fanOut?.deliveries[0]?.id])
    expect(await store.deliveries.nextDueIn()).toBeLessThanOrEqual(10_000)
    time += 10_000
    expect(await claimIds(store)).toHaveLength(1)
  })
})

describe('times in the log', () => {
  it('do not go back while the clock is put back by less than an hour', async () => {
    let time = 10_000_000
    const store = await openStore({ now: () => time, sleep: async () => {} })
    await store.deliveries.insert([eventTo('ep_1')])
    time -= 60_000
    await store.deliveries.insert([eventTo('ep_1')])
    const { items } = await store.log.list({ limit: 10 })
    expect(items.map(({ createdAt }) => createdAt)).toEqual([10_000_000, 10_000_000])
    expect(await claimIds(store), 'due at once by the clock as it is').toHaveLength(1)
  })

  it('are the right ones again after it was put back by years, and ranges still find all', async () => {
    let time = 10_000_000
    const store = await openStore({ now: () => time, sleep: async () => {} })
    const send = async (at: number) => {
      time = at
      const event = eventTo('ep_1')
      await store.deliveries.insert([event])
      return event.id
    }
    const early = [await send(10_000_000), await send(10_100_000)]
    for (let count = 0; count < 20; count += 1) await send(4_000_000_000_000)
    const late = [await send(10_200_000), await send(10_300_000)]
    const range = { since: 10_100_000, until: 10_300_000, limit: 100 }
    const wanted = [late[0], early[1]]
    const { items } = await store.log.events(range)
    expect(items.map(({ id }) => id)).toEqual(wanted)
    const deliveries = await store.log.list(range)
    expect(deliveries.items.map(({ eventId }) => eventId)).toEqual(wanted)
    const history = await store.log.history({ ...range, tenantId: 'default', endpointId: 'ep_1' })
    expect(history.items.map(({ event }) => event.id)).toEqual(wanted.toReversed())
  })

  it('bound a range in a long log without reading it', async () => {
    const clock = fakeClock()
    const store = await openStore(clock)
    const start = clock.now()
    const ids: string[] = []
    for (let count = 0; count < 300; count += 1) {
      const event = eventTo('ep_1')
      ids.push(event.id)
      await store.deliveries.insert([event])
      await clock.advance(1_000)
    }
    const range = { since: start + 100_000, until: start + 103_000, limit: 100 }
    const { items } = await store.log.events(range)
    expect(items.map(({ id }) => id)).toEqual(ids.slice(100, 103).toReversed())
    const { items: deliveries } = await store.log.list({ ...range, tenantId: 'default' })
    expect(deliveries.map(({ eventId }) => eventId)).toEqual(ids.slice(100, 103).toReversed())
  })
})

describe('caps', () => {
  it('hold for leases that another handle gave', async () => {
    const store = await openStore()
    await store.deliveries.insert([eventTo('ep_1'), eventTo('ep_1'), eventTo('ep_1')])
    expect(await claimIds(store, { perEndpoint: 3, limit: 2 })).toHaveLength(2)
    expect(await claimIds(store, { perEndpoint: 2 })).toHaveLength(0)
    expect(await claimIds(store, { ...everything, perEndpoint: 3 })).toHaveLength(1)
  })
})
