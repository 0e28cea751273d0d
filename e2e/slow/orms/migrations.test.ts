import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MigrationSql, migrationSql, postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'
import { installLibraries } from './install'

type Migrator = (url: string, folder: string, steps: readonly MigrationSql[]) => Promise<void>

installLibraries()
const path = './migrators.mjs'
const { migrators }: { migrators: Record<string, Migrator> } = await import(path)

describe.each(Object.keys(migrators))('the migrations run by %s', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-migrations-'))
  let server: Server
  let pool: pg.Pool

  beforeAll(async () => {
    server = await startDatabase()
    pool = openPool(server.url)
  }, 120_000)

  afterAll(async () => {
    await pool?.end()
    await server?.stop()
    rmSync(folder, { recursive: true })
  })

  it('are found done by migrate(), by halves, too, and serve', async () => {
    const run = migrators[name]
    if (run === undefined) throw new TypeError(name)
    const steps = migrationSql()
    await run(server.url, folder, steps.slice(0, 2))
    await run(server.url, folder, steps)
    const recorded = `SELECT name FROM posthorn.migrations ORDER BY version`
    expect((await pool.query(recorded)).rows).toEqual(steps.map((step) => ({ name: step.name })))

    const transport = recordingTransport()
    const sender = createSender({ store: postgresStore({ client: pool }), transport })
    await sender.migrate()
    await sender.endpoints.create({ url: 'https://example.com/webhooks' })
    await pool.query(`SELECT posthorn.send('default', 'run.completed', '{}')`)
    expect(await sender.deliverDue()).toMatchObject({ matched: 1, succeeded: 1 })
    expect(transport.requests).toHaveLength(1)
  })
})
