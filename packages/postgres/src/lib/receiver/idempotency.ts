import { randomUUID } from 'node:crypto'
import type {
  AsyncHostTransactions,
  ClaimRef,
  ClaimResult,
  IdempotencyPruneRequest,
  IdempotencyStore,
} from '@posthorn/receiver'
import { WebhookError } from '@posthorn/schema'
import type { PgHostClient } from '../host-transaction'
import type { PgClientLike } from '../pg-client-like'
import { hashOf, textOf, whole } from './rows'
import { openSession, transactionsOf } from './session'
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
  const { client, schema = 'posthorn' } = options
  const session = openSession(client, schema)
  const statements = claimStatements(schema)
  const complete = (on: PgClientLike, claim: ClaimRef, retainMs: number) =>
    session.holds(on, statements.complete, [...held(claim), whole(retainMs)])
  return {
    async claim({ source, id }, fingerprint, leaseMs) {
      const token = randomUUID()
      const values = [hashOf(source, id), token, whole(leaseMs), fingerprint, source, id]
      const [row] = await session.rows(client, statements.claim, values)
      return resultOf(row, fingerprint, token)
    },
    renew: (claim, leaseMs) =>
      session.holds(client, statements.renew, [...held(claim), whole(leaseMs)]),
    complete: (claim, retainMs) => complete(client, claim, retainMs),
    release: (claim) => session.holds(client, statements.release, held(claim)),
    async prune({ limit }) {
      const [row] = await session.rows(client, statements.prune, [whole(limit)])
      return Number(textOf(row, 'pruned'))
    },
    host: {
      ...transactionsOf(session, client),
      complete: (claim, retainMs, tx) => complete(tx, claim, retainMs),
    },
    migrate: session.migrate,
    close: session.close,
  }
}

const held = ({ source, id, token }: ClaimRef): string[] => [hashOf(source, id), token]

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
