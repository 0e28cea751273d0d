import { postgresStore } from '@posthorn/postgres/sender'
import {
  createSender,
  type HostTransactions,
  type Sender,
  type SenderOptions,
} from '@posthorn/sender'
import type pg from 'pg'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'

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
  stop(): Promise<void>
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
      for (let index = 0; index < types; index += 1)
        await sender.endpoints.create({ url: `${at}/${index}`, eventTypes: [`run.${index}`] })
      return { schema, sender }
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

/** Resolves once nothing waits or runs, with the milliseconds that took; rejects after `mostMs`. */
export async function drained(sender: Sender, mostMs = 60_000): Promise<number> {
  const began = performance.now()
  for (;;) {
    const left = await unfinished(sender)
    const ms = Math.round(performance.now() - began)
    if (left === 0) return ms
    if (ms > mostMs) throw new RangeError(`${left} deliveries are left after ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function unfinished(sender: Sender): Promise<number> {
  try {
    const { pending, delivering } = await sender.statistics()
    return pending + delivering
  } catch {
    return Number.NaN
  }
}

/** `count` events over `types` event types. */
export function events(count: number, types: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: `e${index}`,
    type: `run.${index % types}`,
    data: { index, padding: 'x'.repeat(500) },
  }))
}

/** A small seeded generator, so that a run can be repeated: SEED=… */
export function mulberry32(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
