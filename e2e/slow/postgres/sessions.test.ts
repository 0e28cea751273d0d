import { postgresStore } from '@posthorn/postgres/sender'
import { storeContract } from '@posthorn/sender/testing'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClient, openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'
import { hasPgBouncer } from './pgbouncer'

const sessions = 6
let server: Server
let pool: pg.Pool
const clients: pg.Client[] = []
const used = new Set<number>()
let next = 0
let schemas = 0

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 8 })
  for (let index = 0; index < sessions; index += 1) {
    const client = openClient(server.url)
    await client.connect()
    clients.push(client)
  }
}, 60_000)

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()))
  await pool.end()
  await server.stop()
})

/** As a pooler in transaction mode: each statement goes to the next session, which then forgets all it was told. */
const pooler = {
  get totalCount() {
    return pool.totalCount
  },
  connect: () => pool.connect(),
  async query(text: string, values?: string[]) {
    next = (next + 1) % sessions
    used.add(next)
    return alone(next, async (client) => {
      try {
        return await client.query(text, values)
      } finally {
        await client.query('DISCARD ALL')
      }
    })
  },
}

const tails = new Map<number, Promise<unknown>>()

/** One at a time on each session. */
function alone<Result>(
  index: number,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = clients[index]
  if (client === undefined) throw new RangeError('no such session')
  const result = Promise.resolve(tails.get(index)).then(() => work(client))
  tails.set(
    index,
    result.catch(() => {}),
  )
  return result
}

const schemaOf = new WeakMap<object, string>()

function open(schema: string) {
  const store = postgresStore({ client: pooler, schema })
  schemaOf.set(store, schema)
  return store
}

// Where PgBouncer is installed, it does this itself: `pgbouncer.test.ts`.
describe.skipIf(hasPgBouncer())('behind a pooler of our own', () => {
  storeContract({
    runner: { describe, it: it.concurrent },
    name: 'Postgres, each statement in another session',
    clock: 'own',
    host: 'async',
    create: () => {
      schemas += 1
      return open(`pooled_${schemas}`)
    },
    reopen: (store) => open(schemaOf.get(store) ?? ''),
  })

  it('and all sessions were used', () => {
    expect(used.size).toBe(sessions)
  })
})
