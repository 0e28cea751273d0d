import type { InsertingStore } from '@posthorn/receiver'
import { type Duration, parseDuration } from '@posthorn/schema'
import { toStoreError } from '../errors'
import { concurrencyOf, hostTransaction, type PgHostClient } from '../host-transaction'
import type { PgClientLike } from '../pg-client-like'
import { textOf } from './rows'

const LOCK_NOT_AVAILABLE = '55P03'

export interface PostgresInsertingOptions {
  /** A pool of `pg`, or a PGlite. The store never closes it. */
  readonly client: PgHostClient
  /** The table: its name, with its schema before a dot if it needs one. */
  readonly table: string
  /** How long a duplicate waits for the one in flight before it is told 409. Default `'2s'`. */
  readonly lockTimeout?: Duration
}

/**
 * Remembers handled messages in a table that is there already, `(event_id text primary key, received_at timestamptz default now(), payload
 * jsonb)`: the handler's own transaction (`ctx.tx`) inserts the row, so both commit or neither does.
 *
 * For people who have that table. Beside `postgresIdempotency` it lacks: a mark of another body under the same id; sources (the ids of two
 * senders must differ); a lease (while a handler runs, its duplicates wait on the unique index with a connection each); pruning. An event
 * with a NUL character in it, which `jsonb` does not take, is kept with no payload.
 *
 * @throws TypeError for a bad `table` or `lockTimeout`.
 */
export function postgresInserting(options: PostgresInsertingOptions): InsertingStore<PgClientLike> {
  const { client } = options
  const timeoutMs = parseDuration(options.lockTimeout ?? '2s', 'postgresInserting: lockTimeout')
  const insert = insertInto(options.table)
  const concurrency = concurrencyOf(client)
  return {
    kind: 'inserting',
    ...(concurrency === undefined ? {} : { concurrency }),
    transaction: (work) => hostTransaction(client, work),
    async insert({ id }, event, tx) {
      const json = JSON.stringify(event)
      const payload = json.includes('\\u0000') ? '' : json
      try {
        const before = await tx.query(SET_TIMEOUT, [`${timeoutMs}ms`])
        const { rows } = await tx.query(insert, [id, payload])
        await tx.query(RESET_TIMEOUT, [textOf(before.rows[0], 'before')])
        return rows.length > 0 ? 'inserted' : 'done'
      } catch (error) {
        if (textOf(error, 'code') === LOCK_NOT_AVAILABLE) return 'in_flight'
        throw toStoreError(error)
      }
    },
  }
}

/** The select list is worked off from left to right. */
const SET_TIMEOUT = `
  SELECT current_setting('lock_timeout')::text AS before, set_config('lock_timeout', $1::text, true)::text AS after`
const RESET_TIMEOUT = `SELECT set_config('lock_timeout', $1::text, true)::text AS after`

function insertInto(table: unknown): string {
  if (typeof table !== 'string' || table === '') {
    throw new TypeError('postgresInserting: table must be the name of a table')
  }
  const name = table.split('.').map(quoted).join('.')
  return `
    INSERT INTO ${name} (event_id, payload) VALUES ($1::text, nullif($2::text, '')::jsonb)
    ON CONFLICT (event_id) DO NOTHING RETURNING event_id::text AS event_id`
}

/** A name as SQL has it, whatever is in it. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
