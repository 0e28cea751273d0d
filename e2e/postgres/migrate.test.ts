import { postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything, newEvent } from '../sqlite/fixtures'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server
let pool: pg.Pool
const pools: pg.Pool[] = []
const roles: string[] = []

beforeAll(async () => {
  server = await startDatabase()
  pool = connect(server.url)
}, 60_000)

afterAll(async () => {
  for (const role of roles) await pool.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
  for (const made of pools) await made.end()
  await server?.stop()
})

function connect(url: string, max = 2): pg.Pool {
  const made = openPool(url, { max })
  pools.push(made)
  return made
}

const code = (name: string) => expect.objectContaining({ name: 'WebhookError', code: name })

describe('migrate', () => {
  it('is done once by ten that begin at once on an empty database', async () => {
    const schema = 'at_once'
    const ten = Array.from({ length: 10 }, () => connect(server.url, 1))
    await Promise.all(ten.map((client) => postgresStore({ client, schema }).migrate()))
    const { rows } = await pool.query(
      `SELECT count(*)::integer AS steps, max(version) AS highest FROM ${schema}.migrations`,
    )
    expect(rows[0]?.steps).toBe(rows[0]?.highest)
  })

  it('refuses a schema that is newer than the package', async () => {
    const store = postgresStore({ client: pool, schema: 'newer' })
    await store.migrate()
    await pool.query(
      `INSERT INTO newer.migrations (part, version, name, checksum) VALUES ('sender', 9999, '9999_next', '')`,
    )
    await expect(store.migrate()).rejects.toThrow(code('store_too_new'))
  })

  it('refuses a database whose steps had another text', async () => {
    const store = postgresStore({ client: pool, schema: 'altered' })
    await store.migrate()
    await pool.query(`UPDATE altered.migrations SET checksum = 'other' WHERE version = 2`)
    await expect(store.migrate()).rejects.toThrow(/0002_events was applied with another text/)
    await expect(store.migrate()).rejects.toThrow(code('store_failed'))
  })

  it('leaves nothing when it fails halfway, and then does it whole', async () => {
    await pool.query('CREATE SCHEMA halfway; CREATE TABLE halfway.attempts (mine text)')
    const store = postgresStore({ client: pool, schema: 'halfway' })
    await expect(store.migrate()).rejects.toThrow(code('store_failed'))
    const tables = `SELECT relname FROM pg_class WHERE relnamespace = 'halfway'::regnamespace AND relkind = 'r'`
    expect((await pool.query(tables)).rows).toEqual([{ relname: 'attempts' }])
    await pool.query('DROP TABLE halfway.attempts')
    await store.migrate()
    await store.deliveries.insert([newEvent()])
  })

  it('runs while others serve, and takes nothing from them', async () => {
    const schema = 'serving'
    const store = postgresStore({ client: pool, schema })
    await store.migrate()
    await addEndpoint(store, 'ep_1')
    const further = postgresStore({ client: connect(server.url), schema })
    const serving = Array.from({ length: 20 }, () => store.deliveries.insert([eventTo('ep_1')]))
    await Promise.all([...serving, further.migrate(), further.migrate()])
    expect((await store.log.statistics()).pending).toBe(20)
  })
})

/** A role that may log in, and nothing else yet. */
async function createRole(name: string): Promise<string> {
  await pool.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'`)
  roles.push(name)
  const url = new URL(server.url)
  url.username = name
  url.password = 'secret'
  return url.href
}

/** As docs/operating-postgres.md says. */
const grants = (schema: string, role: string) => `
  GRANT USAGE ON SCHEMA ${schema} TO ${role};
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role};
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${role};`

/** Sends, delivers, reads and prunes. */
async function useAll(store: ReturnType<typeof postgresStore>): Promise<void> {
  await addEndpoint(store, 'ep_1')
  const event = eventTo('ep_1')
  await store.deliveries.insert([event])
  await store.host.transaction((tx) => store.host.enqueue([newEvent()], tx))
  const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
  const outcome = { kind: 'fanned_out' as const, deliveries: [], bodies: [] }
  expect(await store.deliveries.fanOut(events.map((one) => ({ ...one, outcome })))).toBe(1)
  const { deliveries, now } = await store.deliveries.claim(everything)
  const leases = deliveries.map(({ lease }) => lease)
  expect(await store.deliveries.extend(leases, 60_000)).toHaveLength(1)
  const attempt = { number: 1, startedAt: now, durationMs: 1, outcome: 'success' as const }
  const next = { status: 'succeeded' as const }
  const settled = leases.map((lease) => ({ lease, next, attempt }))
  expect(await store.deliveries.settle(settled)).toEqual(['applied'])
  await store.deliveries.redeliver([
    { tenantId: 'default', id: 'again', eventId: event.id, endpointId: 'ep_1', as: 'new' },
  ])
  expect(await store.deliveries.cancel('default', 'again')).toBe('canceled')
  expect((await store.log.attempts('default', leases[0]?.deliveryId ?? '')).length).toBe(1)
  expect((await store.log.events({ limit: 10 })).items).toHaveLength(2)
  expect(await store.deliveries.nextDueIn()).toBeUndefined()
  await store.retention.prune({ events: 86_400_000, attempts: 86_400_000, limit: 100 })
  await store.endpoints.remove('default', 'ep_1')
}

describe('rights', () => {
  it('suffice on one schema alone: the role owns it, and can read nothing else', async () => {
    const owner = connect(await createRole('posthorn_owner'))
    await pool.query(`
      CREATE SCHEMA owned AUTHORIZATION posthorn_owner;
      CREATE TABLE public.customers (name text)`)
    const store = postgresStore({ client: owner, schema: 'owned' })
    await store.migrate()
    await useAll(store)
    await expect(owner.query('SELECT * FROM public.customers')).rejects.toThrow('permission denied')
    await expect(owner.query('CREATE SCHEMA another')).rejects.toThrow('permission denied')
  })

  it('of a role that owns nothing suffice for everything but a migration', async () => {
    const owner = postgresStore({ client: pool, schema: 'granted' })
    await owner.migrate()
    const app = connect(await createRole('posthorn_app'))
    await pool.query(grants('granted', 'posthorn_app'))
    const store = postgresStore({ client: app, schema: 'granted' })
    await store.migrate()
    await useAll(store)
    await expect(app.query('DROP TABLE granted.queue')).rejects.toThrow('must be owner')
    await expect(app.query('CREATE TABLE granted.mine ()')).rejects.toThrow('permission denied')
  })

  it('to drop partitions are nobody’s who was not given them', async () => {
    await postgresStore({ client: pool, schema: 'guarded' }).migrate()
    const stranger = connect(await createRole('posthorn_stranger'))
    await pool.query('GRANT USAGE ON SCHEMA guarded TO posthorn_stranger')
    for (const call of ['drop_partitions(0)', 'make_partitions(1)']) {
      await expect(stranger.query(`SELECT guarded.${call}`)).rejects.toThrow('permission denied')
    }
  })
})
