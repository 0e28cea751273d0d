import { postgresStore } from '@posthorn/postgres/sender'
import { createSender, type HostTransactions, type SenderOptions } from '@posthorn/sender'
import type pg from 'pg'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'
import { createEndpoints } from '../lib/deliveries'

export type Options = Omit<SenderOptions<never, HostTransactions>, 'store'>

/** With transactions, as Postgres has them. */
export type PgSender = ReturnType<typeof open>

/** A database, a sender that only manages, and what both need. */
export interface Bed {
  readonly url: string
  readonly server: Server
  readonly pool: pg.Pool
  /** A schema of its own, migrated, with one endpoint for each of `types` event types `run.0`, `run.1`, …. */
  fresh(at: string, types: number, options?: Options): Promise<{ schema: string; sender: PgSender }>
  /** Events from plain SQL, which a worker has to match. */
  record(schema: string, events: readonly RecordedEvent[]): Promise<void>
  stop(): Promise<void>
}

interface RecordedEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
}

let schemas = 0

export async function startBed(start: () => Promise<Server> = startDatabase): Promise<Bed> {
  const server = await start()
  const pool = connect(server.url)
  return {
    url: server.url,
    server,
    pool,
    async fresh(at, types, options = {}) {
      schemas += 1
      const schema = `proof_${schemas}`
      const sender = open(pool, schema, options)
      await sender.migrate()
      await createEndpoints(sender, at, types)
      return { schema, sender }
    },
    async record(schema, events) {
      await pool.query(
        `SELECT ${schema}.send('default', e->>'type', e->'data', id => e->>'id') FROM jsonb_array_elements($1) e`,
        [JSON.stringify(events)],
      )
    },
    async stop() {
      await pool.end()
      await server.stop()
    },
  }
}

export function open(client: pg.Pool, schema: string, options: Options = {}) {
  return createSender({
    store: postgresStore({ client, schema }),
    network: { development: true },
    logger: silent,
    ...options,
  })
}

export const silent = { debug() {}, info() {}, warn() {}, error() {} }

export const connect = (url: string): pg.Pool =>
  openPool(url, { max: 8, connectionTimeoutMillis: 5_000, query_timeout: 15_000 })
