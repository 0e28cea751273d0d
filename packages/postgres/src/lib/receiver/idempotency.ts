import { randomUUID } from 'node:crypto'
import type {
  AsyncHostTransactions,
  ClaimResult,
  IdempotencyPruneRequest,
  IdempotencyStore,
} from '@posthorn/receiver'
import { WebhookError } from '@posthorn/schema'
import { createDatabase } from '../database'
import { storeClosed, toStoreError } from '../errors'
import { concurrencyOf, hostTransaction, type PgHostClient } from '../host-transaction'
import { migrate } from '../migrations/migrate'
import type { PgClientLike } from '../pg-client-like'
import { receiverMigrations } from './migrations'
import { hashOf, textOf } from './rows'
import { claimStatements } from './statements'

export interface PostgresIdempotencyOptions {
  /** A pool of `pg`, or a PGlite. The store never closes it. */
  readonly client: PgHostClient
  /** Default `'posthorn'`. */
  readonly schema?: string
}

export interface PostgresIdempotency extends IdempotencyStore {
  readonly host: AsyncHostTransactions<PgClientLike>
  /** Creates the schema, where it may, and the table `claims` in it. */
  migrate(): Promise<void>
  prune(request: IdempotencyPruneRequest): Promise<number>
  /** Refuses further calls. The client stays open: it is its owner's. */
  close(): void
}

/**
 * Remembers in Postgres what was handled, by the database's clock. Each call is one statement on a connection of its own.
 *
 * In transactional mode a handler has a connection of the pool to itself (`ctx.tx`): as many at once as the pool has, less one for the claims.
 * PGlite has a single connection: one handler at a time, which has to be done within its lease.
 *
 * @example
 * const receiver = createReceiver({
 *   secrets: fromEnv('WEBHOOK_SECRET'),
 *   idempotency: { store: postgresIdempotency({ client: pool }), source: 'billing', transactional: true },
 * })
 */
export function postgresIdempotency(options: PostgresIdempotencyOptions): PostgresIdempotency {
  const { client } = options
  const schema = options.schema ?? 'posthorn'
  const database = createDatabase(client, schema)
  const statements = claimStatements(schema)
  const concurrency = concurrencyOf(client)
  let closed = false
  const ask = async (on: PgClientLike, text: string, ...values: string[]) => {
    if (closed) throw storeClosed()
    try {
      return (await on.query(text, values)).rows
    } catch (error) {
      throw toStoreError(error)
    }
  }
  const holds = async (on: PgClientLike, text: string, ...values: string[]) =>
    (await ask(on, text, ...values)).length > 0
  return {
    async claim(key, fingerprint, leaseMs) {
      const token = randomUUID()
      const values = [
        hashOf(key.source, key.id),
        token,
        whole(leaseMs),
        fingerprint,
        key.source,
        key.id,
      ]
      const [row] = await ask(client, statements.claim, ...values)
      return resultOf(row, fingerprint, token)
    },
    renew: (claim, leaseMs) =>
      holds(client, statements.renew, hashOf(claim.source, claim.id), claim.token, whole(leaseMs)),
    complete: (claim, retainMs) =>
      holds(
        client,
        statements.complete,
        hashOf(claim.source, claim.id),
        claim.token,
        whole(retainMs),
      ),
    release: (claim) =>
      holds(client, statements.release, hashOf(claim.source, claim.id), claim.token),
    async prune({ limit }) {
      const [row] = await ask(client, statements.prune, whole(limit))
      return Number(textOf(row, 'pruned'))
    },
    host: {
      kind: 'async',
      ...(concurrency === undefined ? {} : { concurrency }),
      async transaction(work) {
        if (closed) throw storeClosed()
        return hostTransaction(client, work)
      },
      complete: (claim, retainMs, tx) =>
        holds(
          tx,
          statements.complete,
          hashOf(claim.source, claim.id),
          claim.token,
          whole(retainMs),
        ),
    },
    migrate: () => migrate(database, receiverMigrations),
    close() {
      closed = true
      database.close()
    },
  }
}

const whole = (value: number): string => String(Math.round(value))

function resultOf(row: unknown, fingerprint: string, token: string): ClaimResult {
  const holder = textOf(row, 'token')
  if (holder === token) return { state: 'acquired', token }
  const found = textOf(row, 'fingerprint')
  if (found === '') throw new WebhookError('store_failed', 'Postgres answered no row for a claim.')
  if (found !== fingerprint) return { state: 'mismatch' }
  if (holder === '') return { state: 'done' }
  // A row seen first while this waited may have run out meanwhile.
  return { state: 'in_flight', retryInMs: Math.max(1, Number(textOf(row, 'left_ms'))) }
}
