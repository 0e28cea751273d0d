import { randomUUID } from 'node:crypto'
import type { AsyncInboxHost, InboxSettlement, InboxStore, InboxTaskRef } from '@posthorn/receiver'
import { createDatabase } from '../database'
import { storeClosed, toStoreError } from '../errors'
import { concurrencyOf, hostTransaction, type PgHostClient } from '../host-transaction'
import { migrate } from '../migrations/migrate'
import type { PgClientLike } from '../pg-client-like'
import { hex, oneOf, type Row, storable, text } from '../values'
import { count, deadOf, filterValues, messageOf, recordOf, rowOf } from './inbox-rows'
import { inboxStatements } from './inbox-statements'
import { receiverMigrations } from './migrations'
import { hashOf } from './rows'

export interface PostgresInboxOptions {
  /** A pool of `pg`, or a PGlite. The store never closes it. */
  readonly client: PgHostClient
  /** Default `'posthorn'`. */
  readonly schema?: string
}

export interface PostgresInbox extends InboxStore {
  readonly host: AsyncInboxHost<PgClientLike>
  /** Creates the schema, where it may, and the receiver's tables in it. */
  migrate(): Promise<void>
  /** Refuses further calls. The client stays open: it is its owner's. */
  close(): void
}

/**
 * Keeps an inbox in Postgres, in the tables `inbox` and `inbox_tasks`, by the database's clock. Each call is one statement.
 *
 * In transactional mode a handler has a connection of the pool to itself (`ctx.tx`): as many at once as the pool has, less one for claims and renewals.
 * PGlite has a single connection: one handler at a time, which has to be done within its lease.
 *
 * @throws TypeError when `schema` is no plain name.
 * @example
 * const inbox = createInbox(receiver, { store: postgresInbox({ client: pool }), source: 'billing', transactional: true })
 * inbox.on('invoice.paid', async (event, { tx }) => { … })
 */
export function postgresInbox(options: PostgresInboxOptions): PostgresInbox {
  const { client, schema = 'posthorn' } = options
  const database = createDatabase(client, schema)
  const sql = inboxStatements(schema)
  const concurrency = concurrencyOf(client)
  const session = { closed: false }
  const ask = async (statement: string, ...values: string[]) =>
    query(session, client, statement, values)
  const holds = async (on: PgClientLike, statement: string, values: string[]) =>
    (await query(session, on, statement, values)).length > 0
  return {
    async accept({ key, fingerprint, type, body, facts }, handlers) {
      const named = [hashOf(key.source, key.id), key.source, key.id, fingerprint, storable(type)]
      const [row] = await ask(sql.accept, ...named, hex(body), json(facts), json(handlers))
      return oneOf(rowOf(row), 'answer', ['accepted', 'duplicate', 'mismatch'] as const)
    },
    async claim({ handlers, limit, leaseMs }) {
      const token = randomUUID()
      const found = await ask(sql.claim, json(handlers), String(limit), token, whole(leaseMs))
      return found.map((row) => {
        const message = messageOf(row)
        const [handler, attempt] = [text(row, 'handler'), count(row, 'attempts')]
        return { key: message.key, handler, token, attempt, message }
      })
    },
    renew: (task, leaseMs) => holds(client, sql.renew, [...held(task), whole(leaseMs)]),
    settle: (task, settlement) =>
      holds(client, sql.settle, [...held(task), ...settled(settlement)]),
    release: (task) => holds(client, sql.release, held(task)),
    async get({ source, id }) {
      const [row] = await ask(sql.get, hashOf(source, id))
      return row && recordOf(row)
    },
    async dead({ filter, after, limit }) {
      const position = after
        ? [String(after.endedAt), hashOf(after.key.source, after.key.id), after.handler]
        : ['', '', '']
      const values = [...filterValues(filter), ...position, String(limit)]
      return (await ask(sql.dead, ...values)).map(deadOf)
    },
    revive: (filter, limit) => counted(ask(sql.revive, ...filterValues(filter), String(limit))),
    async statistics() {
      const row = rowOf((await ask(sql.statistics))[0])
      const [pending, running] = [count(row, 'pending'), count(row, 'running')]
      const oldestDueMs = row.oldest_due === null ? 0 : count(row, 'oldest_due')
      return { pending, running, dead: count(row, 'dead'), oldestDueMs }
    },
    prune: ({ olderThanMs, limit, dead }) =>
      counted(ask(sql.prune, whole(olderThanMs), String(limit), String(dead))),
    host: {
      kind: 'async',
      ...(concurrency === undefined ? {} : { concurrency }),
      async transaction(work) {
        if (session.closed) throw storeClosed()
        return hostTransaction(client, work)
      },
      complete: (task, tx) => holds(tx, sql.settle, [...held(task), ...settled({ to: 'done' })]),
    },
    migrate: () => migrate(database, receiverMigrations),
    close() {
      session.closed = true
      database.close()
    },
  }
}

async function query(
  session: { readonly closed: boolean },
  on: PgClientLike,
  statement: string,
  values: string[],
): Promise<readonly Row[]> {
  if (session.closed) throw storeClosed()
  try {
    return (await on.query(statement, values)).rows.map(rowOf)
  } catch (error) {
    throw toStoreError(error)
  }
}

const counted = async (asked: Promise<readonly Row[]>): Promise<number> =>
  count(rowOf((await asked)[0]), 'count')

const whole = (value: number): string => String(Math.round(value))

/** Text of JSON; `\u0000` in it is six characters, which Postgres takes as text. */
const json = (value: unknown): string => JSON.stringify(value)

const held = ({ key, handler, token }: InboxTaskRef): string[] => [
  hashOf(key.source, key.id),
  handler,
  token,
]

/** State, how long from now, reason, code. */
function settled(settlement: InboxSettlement): string[] {
  switch (settlement.to) {
    case 'done':
      return ['done', '0', '', '']
    case 'retry':
      return ['pending', whole(settlement.inMs), '', settlement.code]
    case 'dead':
      return ['dead', '0', settlement.reason, settlement.code]
  }
}
