// @ts-check
// One host's transaction in each library, as its own documentation writes it. Types are checked by tsconfig.json beside this file.
import { createRequire } from 'node:module'
import { drizzleTx } from '@posthorn/postgres/drizzle'
import { knexTx } from '@posthorn/postgres/knex'
import { kyselyTx } from '@posthorn/postgres/kysely'
import { prismaTx } from '@posthorn/postgres/prisma'
import { fromPostgresJs } from '@posthorn/postgres/sender'
import { PrismaPg } from '@prisma/adapter-pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js'
import knex from 'knex'
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import postgres from 'postgres'

/**
 * @typedef {object} Inside
 * @property {import('@posthorn/postgres/sender').PgClientLike} tx
 * @property {(id: string) => Promise<unknown>} write The host's own row, through the library.
 *
 * @typedef {object} Host
 * @property {(work: (inside: Inside) => Promise<unknown>) => Promise<unknown>} transaction
 * @property {() => Promise<unknown>} end
 */

const run = pgTable('run', { id: text('id').primaryKey() })

/** @param {string} url */
function openPool(url) {
  const pool = new pg.Pool({ connectionString: url })
  // The server may stop before it has let go of connections that are closed already.
  return pool.on('connect', (client) => client.on('error', () => {}))
}

/** @type {Record<string, (url: string) => Host>} */
export const hosts = {
  'Drizzle on node-postgres': (url) => {
    const pool = openPool(url)
    const db = drizzle(pool)
    return {
      transaction: (work) =>
        db.transaction((tx) =>
          work({ tx: drizzleTx(tx), write: (id) => tx.insert(run).values({ id }).execute() }),
        ),
      end: () => pool.end(),
    }
  },
  'Drizzle on postgres.js': (url) => {
    const sql = postgres(url, { onnotice: () => {} })
    const db = drizzlePostgresJs(sql)
    return {
      transaction: (work) =>
        db.transaction((tx) =>
          work({ tx: drizzleTx(tx), write: (id) => tx.insert(run).values({ id }).execute() }),
        ),
      end: () => sql.end(),
    }
  },
  Kysely: (url) => {
    const dialect = new PostgresDialect({ pool: openPool(url) })
    /** @type {Kysely<{ run: { id: string } }>} */
    const db = new Kysely({ dialect, plugins: [new CamelCasePlugin()] })
    return {
      transaction: (work) =>
        db.transaction().execute((trx) =>
          work({
            tx: kyselyTx(trx),
            write: (id) => trx.insertInto('run').values({ id }).execute(),
          }),
        ),
      end: () => db.destroy(),
    }
  },
  Knex: (url) => {
    const db = knex({ client: 'pg', connection: url })
    return {
      transaction: (work) =>
        db.transaction((trx) =>
          work({ tx: knexTx(trx), write: async (id) => trx('run').insert({ id }) }),
        ),
      end: () => db.destroy(),
    }
  },
  Prisma: (url) => {
    const { PrismaClient } = createRequire(import.meta.url)('./node_modules/.generated-prisma')
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
    return {
      transaction: (work) =>
        prisma.$transaction(
          (/** @type {import('./node_modules/.generated-prisma').Prisma.TransactionClient} */ tx) =>
            work({ tx: prismaTx(tx), write: (id) => tx.run.create({ data: { id } }) }),
        ),
      end: () => prisma.$disconnect(),
    }
  },
  'postgres.js': (url) => {
    const sql = postgres(url, { onnotice: () => {} })
    return {
      transaction: (work) =>
        sql.begin((tx) =>
          work({
            tx: fromPostgresJs(tx),
            write: async (id) => tx`INSERT INTO run (id) VALUES (${id})`,
          }),
        ),
      end: () => sql.end(),
    }
  },
}
