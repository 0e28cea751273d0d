import type { AsyncOrderHost, OrderKey, OrderPruneRequest, OrderStore } from '@posthorn/receiver'
import type { PgClientLike } from '../pg-client-like'
import { hashOf, textOf, whole } from './rows'
import { openSession } from './session'

export interface PostgresOrderOptions {
  /** A pool or client of `pg`, or a PGlite. The store never closes it. */
  readonly client: PgClientLike
  /** Default `'posthorn'`. */
  readonly schema?: string
}

export interface PostgresOrder extends OrderStore {
  readonly host: AsyncOrderHost<PgClientLike>
  /** Creates the schema, where it may, and the receiver's tables in it. */
  migrate(): Promise<void>
  prune(request: OrderPruneRequest): Promise<number>
  /** Refuses further calls. The client stays open: it is its owner's. */
  close(): void
}

/**
 * Remembers in Postgres the highest version that was handled, for each key. In transactional mode it is raised in the handler's transaction
 * (`ctx.tx`), which has those of later messages of the key wait for its end.
 *
 * @throws TypeError when `schema` is no plain name.
 * @example
 * const receiver = createReceiver({
 *   secrets: fromEnv('WEBHOOK_SECRET'),
 *   idempotency: { store: postgresIdempotency({ client: pool }), source: 'billing', transactional: true },
 *   order: { store: postgresOrder({ client: pool }), key: (event) => event.data.orderId, version: (event) => event.timestamp },
 * })
 */
export function postgresOrder(options: PostgresOrderOptions): PostgresOrder {
  const { client, schema = 'posthorn' } = options
  const session = openSession(client, schema)
  const statements = orderStatements(schema)
  const ask = async (on: PgClientLike, statement: string, ...values: string[]) =>
    textOf((await session.rows(on, statement, values))[0], 'answer')
  const advance = async (on: PgClientLike, { source, key }: OrderKey, version: string) =>
    (await ask(on, statements.advance, hashOf(source, key), source, key, version)) === 'raised'
  return {
    isNewer: async ({ source, key }, version) =>
      (await ask(client, statements.isNewer, hashOf(source, key), version)) === 'true',
    advance: (key, version) => advance(client, key, version),
    host: { kind: 'async', advance: (key, version, tx) => advance(tx, key, version) },
    prune: async ({ limit, unchangedForMs }) =>
      Number(await ask(client, statements.prune, whole(limit), whole(unchangedForMs))),
    migrate: session.migrate,
    close: session.close,
  }
}

const now = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'

/** Each is one statement. Every parameter and column is cast, whatever parsers the host has set. */
function orderStatements(schema: string) {
  const table = `${schema}.last_versions`
  return {
    isNewer: `
      SELECT (NOT EXISTS (
        SELECT FROM ${table} WHERE id = decode($1::text, 'hex') AND version >= $2::text
      ))::text AS answer`,
    advance: `
      INSERT INTO ${table} AS v (id, source, key, version, raised_at)
      VALUES (decode($1::text, 'hex'), $2::text, $3::text, $4::text, ${now})
      ON CONFLICT (id) DO UPDATE SET version = excluded.version, raised_at = excluded.raised_at
      WHERE v.version < excluded.version
      RETURNING 'raised'::text AS answer`,
    prune: `
      WITH gone AS (
        DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${table} WHERE raised_at <= ${now} - $2::bigint
          LIMIT $1::int FOR UPDATE SKIP LOCKED))
        RETURNING id
      )
      SELECT count(*)::text AS answer FROM gone`,
  }
}
