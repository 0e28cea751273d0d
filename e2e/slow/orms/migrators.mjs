// @ts-check
// Migrations run as each library's own documentation has it. Types are checked by tsconfig.json beside this file.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js'
import { migrate as migratePostgresJs } from 'drizzle-orm/postgres-js/migrator'
import pg from 'pg'
import postgres from 'postgres'

/**
 * @typedef {import('@posthorn/postgres/sender').MigrationSql} Step
 * @typedef {(url: string, folder: string, steps: readonly Step[]) => Promise<void>} Migrator
 */

/** @type {Record<string, Migrator>} */
export const migrators = {
  'Drizzle on node-postgres': async (url, folder, steps) => {
    const pool = new pg.Pool({ connectionString: url })
    await migrate(drizzle(pool), { migrationsFolder: writeFolder(folder, steps) })
    await pool.end()
  },
  'Drizzle on postgres.js': async (url, folder, steps) => {
    const sql = postgres(url, { onnotice: () => {} })
    await migratePostgresJs(drizzlePostgresJs(sql), {
      migrationsFolder: writeFolder(folder, steps),
    })
    await sql.end()
  },
}

/**
 * What `drizzle-kit generate --custom` makes, a time for each step, filled in.
 *
 * @param {string} folder
 * @param {readonly Step[]} steps
 */
function writeFolder(folder, steps) {
  mkdirSync(join(folder, 'meta'), { recursive: true })
  const entries = steps.map(({ version, name, sql }) => {
    const tag = `${String(version).padStart(4, '0')}_posthorn_${name}`
    writeFileSync(join(folder, `${tag}.sql`), sql)
    return { idx: version, version: '7', when: version, tag, breakpoints: true }
  })
  const journal = { version: '7', dialect: 'postgresql', entries }
  writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify(journal))
  return folder
}
