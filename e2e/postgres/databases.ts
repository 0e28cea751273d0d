import { type PostgresStore, postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { openPool } from './connections'
import { type Server, startServer } from './server'

/** A server with a pool on it, and any number of schemas. */
export interface Databases {
  readonly url: string
  readonly pool: pg.Pool
  /** A store in a schema of its own. */
  create(): PostgresStore
  /** A further store, through a pool of its own, on the schema of another. */
  reopen(store: object): PostgresStore
  schemaOf(store: object): string
  stop(): Promise<void>
}

let schemas = 0

export async function startDatabases(): Promise<Databases> {
  const server: Server = await startServer()
  const [pool, second] = [connect(server.url), connect(server.url)]
  const names = new Map<object, string>()
  const open = (client: pg.Pool, schema: string): PostgresStore => {
    const store = postgresStore({ client, schema })
    names.set(store, schema)
    return store
  }
  const schemaOf = (store: object): string => {
    const schema = names.get(store)
    if (schema === undefined) throw new TypeError('this store has no schema here')
    return schema
  }
  return {
    url: server.url,
    pool,
    create() {
      schemas += 1
      return open(pool, `posthorn_${process.pid}_${Date.now()}_${schemas}`)
    },
    reopen: (store) => open(second, schemaOf(store)),
    schemaOf,
    async stop() {
      for (const schema of new Set(names.values())) {
        if (process.env.DATABASE_URL) await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      }
      await Promise.all([pool.end(), second.end()])
      await server.stop()
    },
  }
}

const connect = (url: string): pg.Pool => openPool(url, { max: 12 })
