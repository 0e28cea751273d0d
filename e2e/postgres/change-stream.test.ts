import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgresStore } from '@posthorn/postgres/sender'
import { createSender, type Sender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from './connections'
import { type Server, startServer } from './server'

const page = readFileSync(new URL('../../docs/change-streams.md', import.meta.url), 'utf8')
const blockOf = (kind: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, 'gs'))].map((match) => match[1] ?? '')
const [table = '', slot = '', drop = ''] = blockOf('sql')
const [module = ''] = blockOf('ts file=read-slot.ts')

/** Here, so that what the page imports is found. */
const folder = join(import.meta.dirname, '.tmp', `change-stream-${process.pid}`)
const INSERT = `INSERT INTO audit (tenant, action, detail) VALUES ('acme', 'made', $1)`

let server: Server
let pool: Pool
let readSlot: (pool: Pool, sender: Sender) => Promise<number>

beforeAll(async () => {
  const file = join(folder, 'read-slot.ts')
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, module)
  ;({ readSlot } = await import(file))
  server = await startServer(['-c', 'fsync=off', '-c', 'wal_level=logical'])
  pool = openPool(server.url, { max: 4 })
}, 60_000)

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await pool?.end()
  await server?.stop()
})

/** Steps until the slot is empty; answers the keys of all events so far, newest first. */
async function readAll(sender: Sender): Promise<readonly (string | undefined)[]> {
  while ((await readSlot(pool, sender)) > 0);
  const { items } = await sender.tenant('acme').events.list()
  return items.map(({ idempotencyKey }) => idempotencyKey)
}

/** A server that `DATABASE_URL` names may keep no such log. */
const isLogical = !process.env.DATABASE_URL

describe.skipIf(!isLogical)('the slot of the documentation', () => {
  it('has each committed row sent once, in commit order, where polling by id misses one', async () => {
    const transport = recordingTransport()
    const store = postgresStore({ client: pool })
    const sender: Sender = createSender({ store, transport })
    await sender.migrate()
    await sender.tenant('acme').endpoints.create({ url: 'https://example.com/hook' })
    await pool.query(table)
    await pool.query(slot)

    const late = await pool.connect()
    await late.query('BEGIN')
    await late.query(INSERT, [{ n: 'first id, commits last' }])
    await pool.query(INSERT, [{ n: 'second id, commits first' }])
    const { rows: polled } = await pool.query('SELECT max(id) AS last FROM audit')
    expect(await readAll(sender)).toEqual(['audit-2'])
    await late.query('COMMIT')
    await late.query(
      `BEGIN; INSERT INTO audit (tenant, action, detail) VALUES ('acme', 'lost', '{}'); ROLLBACK`,
    )
    late.release()

    const missed = await pool.query('SELECT id FROM audit WHERE id > $1', [polled[0].last])
    expect(missed.rows).toEqual([])
    expect(await readAll(sender)).toEqual(['audit-1', 'audit-2'])
    await sender.deliverDue()
    expect(transport.requests.map(({ text }) => JSON.parse(text).data.n).sort()).toEqual([
      'first id, commits last',
      'second id, commits first',
    ])
  })

  it('goes on at once behind more changes of other tables than a step reads', async () => {
    const sender: Sender = createSender({ store: postgresStore({ client: pool }) })
    await readAll(sender)
    await pool.query('CREATE TABLE other (n integer)')
    await pool.query('INSERT INTO other SELECT generate_series(1, 600)')
    await pool.query(INSERT, [{ n: 'behind' }])
    expect(await readSlot(pool, sender)).toBeGreaterThan(600)
    expect(await readAll(sender)).toContain('audit-4')
  })

  it('reads again what was sent just before a crash, and no second event comes of it', async () => {
    const sender: Sender = createSender({ store: postgresStore({ client: pool }) })
    await pool.query(INSERT, [{ n: 3 }])
    // The slot's way on fails, as if the process had died before it.
    const dying = new Proxy(pool, {
      get: (target, name) =>
        name === 'query'
          ? (text: string, values?: unknown[]) =>
              text.includes('get_changes')
                ? Promise.reject(new Error('died'))
                : target.query(text, values)
          : Reflect.get(target, name),
    })
    await expect(readSlot(dying, sender)).rejects.toThrow('died')
    expect(await readAll(sender)).toEqual(['audit-5', 'audit-4', 'audit-1', 'audit-2'])
    await pool.query(drop)
  })
})
