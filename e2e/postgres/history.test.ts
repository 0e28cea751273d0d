import { setTimeout as sleep } from 'node:timers/promises'
import { type PgClientLike, type PostgresStore, postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../lib/random'
import { newEvent } from '../sqlite/fixtures'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server
let pool: pg.Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 12 })
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

/** Transactions of one to three events, some of which stay open for long, and some of which are rolled back. */
async function write(
  store: PostgresStore,
  random: () => number,
  committed: Set<string>,
  slow: boolean,
): Promise<void> {
  const [rounds, holding] = slow ? [8, 80] : [80, 0]
  for (let round = 0; round < rounds; round += 1) {
    const events = Array.from({ length: 1 + Math.floor(random() * 3) }, () => newEvent())
    const rollsBack = random() < 0.2
    const work = store.host.transaction(async (tx: PgClientLike) => {
      await store.host.enqueue(events, tx)
      await sleep(random() * holding)
      if (rollsBack) throw new Error('rolled back')
    })
    await work.then(
      () => {
        for (const { id } of events) committed.add(id)
      },
      () => {},
    )
  }
}

const range = { tenantId: 'default', endpointId: 'ep_1', since: 0, until: Number.MAX_SAFE_INTEGER }

/** Pages forward to the end; answers what it saw, and what was committed before it asked for its last page. */
async function readAll(store: PostgresStore, random: () => number, committed: Set<string>) {
  const seen: string[] = []
  let cursor: string | undefined
  let pages = 0
  let known: readonly string[] = []
  do {
    known = [...committed]
    const limit = 1 + Math.floor(random() * 4)
    const page = await store.log.history({ ...range, limit, ...(cursor && { cursor }) })
    seen.push(...page.items.map(({ event }) => event.id))
    cursor = page.cursor
    pages += 1
    await sleep(random() * 4)
  } while (cursor !== undefined)
  return { seen, known, pages }
}

describe('a history that is read while transactions overlap', () => {
  it.each([1, 2, 3, 4])('misses nothing and repeats nothing, seed %i', async (seed) => {
    const schema = `overlap_${seed}`
    const random = seededRandom(seed)
    const store = postgresStore({ client: pool, schema })
    await store.migrate()
    const committed = new Set<string>()
    const writers = Array.from({ length: 6 }, (_, n) => write(store, random, committed, n < 4))
    await vi.waitFor(() => expect(committed.size).toBeGreaterThan(60), { timeout: 10_000 })
    const reads = await Promise.all(
      Array.from({ length: 3 }, () => readAll(store, random, committed)),
    )
    await Promise.all(writers)
    for (const { seen, known } of reads) {
      expect(new Set(seen).size).toBe(seen.length)
      expect(known.filter((id) => !seen.includes(id))).toEqual([])
      expect(seen.filter((id) => !committed.has(id))).toEqual([])
    }
    const total = reads.reduce((sum, { pages }) => sum + pages, 0)
    console.log(`seed ${seed}: ${committed.size} events, ${total} pages`)
  })

  it('waits for no transaction that is open elsewhere', async () => {
    const store = postgresStore({ client: pool, schema: 'elsewhere' })
    await store.migrate()
    const other = await pool.connect()
    await other.query('BEGIN; CREATE TABLE elsewhere_open (id text)')
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const event = newEvent()
        await store.deliveries.insert([event])
        return event.id
      }),
    )
    const { seen } = await readAll(store, () => 0, new Set())
    expect([...seen].sort()).toEqual([...ids].sort())
    await other.query('ROLLBACK')
    other.release()
  })

  it('reads what another server wrote, whose transactions had higher numbers', async () => {
    const store = postgresStore({ client: pool, schema: 'imported' })
    await store.migrate()
    const events = Array.from({ length: 5 }, () => newEvent())
    await store.deliveries.insert(events)
    await pool.query('UPDATE imported.events SET writer = writer + 1000000000')
    const { seen } = await readAll(store, () => 0, new Set())
    expect([...seen].sort()).toEqual(events.map(({ id }) => id).sort())
  })

  it.each([
    'history:1-1',
    'history:1-1//5:4:',
    'history:1-1//4:9:3',
    'history:/4:9:7,6',
    'history:1-1/0:0:/4:9:',
    'history:/',
    `history:/1:${2n ** 64n}:`,
  ])('refuses the cursor %s', async (cursor) => {
    const store = postgresStore({ client: pool, schema: 'cursors' })
    await store.migrate()
    await expect(store.log.history({ ...range, limit: 1, cursor })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
  })
})
