import { createDatabase } from '../database'
import { storeClosed, toStoreError } from '../errors'
import { concurrencyOf, hostTransaction, type PgHostClient } from '../host-transaction'
import { migrate } from '../migrations/migrate'
import type { PgClientLike } from '../pg-client-like'
import { receiverMigrations } from './migrations'

/** What the receiver's stores share: statements until they are closed, and errors of theirs as a `WebhookError`. */
export interface Session {
  rows(on: PgClientLike, statement: string, values: string[]): Promise<readonly unknown[]>
  /** Whether the statement answered a row. */
  holds(on: PgClientLike, statement: string, values: string[]): Promise<boolean>
  /** @throws WebhookError `store_closed`. */
  assertOpen(): void
  migrate(): Promise<void>
  close(): void
}

export function openSession(client: PgClientLike, schema: string): Session {
  const database = createDatabase(client, schema)
  let closed = false
  const assertOpen = () => {
    if (closed) throw storeClosed()
  }
  const rows: Session['rows'] = async (on, statement, values) => {
    assertOpen()
    try {
      return (await on.query(statement, values)).rows
    } catch (error) {
      throw toStoreError(error)
    }
  }
  return {
    rows,
    holds: async (on, statement, values) => (await rows(on, statement, values)).length > 0,
    assertOpen,
    migrate: () => migrate(database, receiverMigrations),
    close() {
      closed = true
      database.close()
    },
  }
}

/** The handlers' transactions, each on a connection of its own. */
export function transactionsOf(session: Session, client: PgHostClient) {
  const concurrency = concurrencyOf(client)
  return {
    kind: 'async',
    ...(concurrency === undefined ? {} : { concurrency }),
    async transaction<Result>(work: (tx: PgClientLike) => Promise<Result>): Promise<Result> {
      session.assertOpen()
      return hostTransaction(client, work)
    },
  } as const
}
