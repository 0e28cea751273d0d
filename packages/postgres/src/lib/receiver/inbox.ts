import { randomUUID } from 'node:crypto'
import type { AsyncInboxHost, InboxSettlement, InboxStore, InboxTaskRef } from '@posthorn/receiver'
import type { PgHostClient } from '../host-transaction'
import type { PgClientLike } from '../pg-client-like'
import { hex, oneOf, storable, text } from '../values'
import { count, deadOf, filterValues, messageOf, recordOf, rowOf } from './inbox-rows'
import { type InboxStatements, inboxStatements } from './inbox-statements'
import { hashOf, whole } from './rows'
import { openSession, type Session, transactionsOf } from './session'

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
  const sql = inboxStatements(schema)
  const session = openSession(client, schema)
  return {
    ...intake(session, client, sql),
    ...records(session, client, sql),
    renew: (task, leaseMs) => session.holds(client, sql.renew, [...held(task), whole(leaseMs)]),
    settle: (task, settlement) =>
      session.holds(client, sql.settle, [...held(task), ...settled(settlement)]),
    release: (task) => session.holds(client, sql.release, held(task)),
    host: {
      ...transactionsOf(session, client),
      complete: (task, tx) =>
        session.holds(tx, sql.settle, [...held(task), ...settled({ to: 'done' })]),
    },
    migrate: session.migrate,
    close: session.close,
  }
}

/** How messages come in, and how their tasks are given out. */
function intake(session: Session, client: PgClientLike, sql: InboxStatements) {
  return {
    async accept(message, handlers) {
      const { key, fingerprint, type, body, facts } = message
      const named = [hashOf(key.source, key.id), key.source, key.id, fingerprint, storable(type)]
      const values = [...named, hex(body), json(facts), json(handlers)]
      const [row] = await session.rows(client, sql.accept, values)
      return oneOf(rowOf(row), 'answer', ['accepted', 'duplicate', 'mismatch'] as const)
    },
    async claim({ handlers, limit, leaseMs }) {
      const token = randomUUID()
      const values = [json(handlers), String(limit), token, whole(leaseMs)]
      const found = await session.rows(client, sql.claim, values)
      return found.map(rowOf).map((row) => {
        const message = messageOf(row)
        const [handler, attempt] = [text(row, 'handler'), count(row, 'attempts')]
        return { key: message.key, handler, token, attempt, message }
      })
    },
  } satisfies Partial<InboxStore>
}

/** What is asked about messages and tasks, and done with those that are over. */
function records(session: Session, client: PgClientLike, sql: InboxStatements) {
  const ask = async (statement: string, ...values: string[]) =>
    (await session.rows(client, statement, values)).map(rowOf)
  const counted = async (statement: string, ...values: string[]) =>
    count(rowOf((await ask(statement, ...values))[0]), 'count')
  return {
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
    revive: (filter, limit) => counted(sql.revive, ...filterValues(filter), String(limit)),
    async statistics() {
      const row = rowOf((await ask(sql.statistics))[0])
      const [pending, running] = [count(row, 'pending'), count(row, 'running')]
      const oldestDueMs = row.oldest_due === null ? 0 : count(row, 'oldest_due')
      return { pending, running, dead: count(row, 'dead'), oldestDueMs }
    },
    prune: ({ olderThanMs, limit, dead }) =>
      counted(sql.prune, whole(olderThanMs), String(limit), String(dead)),
  } satisfies Partial<InboxStore>
}

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
