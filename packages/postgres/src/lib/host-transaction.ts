import { WebhookError } from '@posthorn/schema'
import { toStoreError } from './errors'
import type { PgClientLike } from './pg-client-like'

/** A connection that a pool of `pg` has lent out. */
export interface PgConnectionLike extends PgClientLike {
  release(error?: boolean): unknown
  on?(event: 'error', listener: () => void): unknown
  removeListener?(event: 'error', listener: () => void): unknown
}

/** A pool of `pg`: transactions get a connection of their own. */
export interface PgPoolLike extends PgClientLike {
  connect(): Promise<PgConnectionLike>
  /** Where `pg` keeps the pool's size. */
  readonly options?: { readonly max?: number }
}

/** PGlite: one connection, which a transaction has to itself. */
export interface PgliteLike extends PgClientLike {
  transaction<Result>(work: (tx: PgClientLike) => Promise<Result>): Promise<Result>
}

export type PgHostClient = PgPoolLike | PgliteLike

/** How many transactions may be open and leave a connection for claims; undefined where nobody says how many there are. */
export function concurrencyOf(client: PgHostClient): number | undefined {
  if ('transaction' in client) return 1
  const max = client.options?.max
  return typeof max === 'number' ? Math.max(1, max - 1) : undefined
}

/**
 * Commits when `work` resolves. What `work` rejects with is passed on as it is; what Postgres says around it, as a `WebhookError`.
 *
 * READ COMMITTED, whatever the database's default: the renewals of a claim must not make its completion fail.
 */
export async function hostTransaction<Result>(
  client: PgHostClient,
  work: (tx: PgClientLike) => Promise<Result>,
): Promise<Result> {
  let thrown: { readonly error: unknown } | undefined
  const watched = async (tx: PgClientLike) => {
    try {
      return await work(tx)
    } catch (error) {
      thrown = { error }
      throw error
    }
  }
  try {
    if ('transaction' in client) return await client.transaction((tx) => alive(tx, watched))
    return await onConnection(client, watched)
  } catch (error) {
    throw thrown === undefined ? toStoreError(error) : thrown.error
  }
}

/** PGlite commits without saying what became of it: in a transaction that a statement has failed in, any further one fails. */
async function alive<Result>(
  tx: PgClientLike,
  work: (tx: PgClientLike) => Promise<Result>,
): Promise<Result> {
  const result = await work(tx)
  await tx.query('SELECT 1')
  return result
}

async function onConnection<Result>(
  pool: PgPoolLike,
  work: (tx: PgClientLike) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.connect()
  connection.on?.('error', tellsItself)
  let broken = false
  try {
    await connection.query('BEGIN ISOLATION LEVEL READ COMMITTED')
    const result = await work(connection)
    await commit(connection)
    return result
  } catch (error) {
    broken = !(await rollsBack(connection))
    throw error
  } finally {
    connection.release(broken)
    connection.removeListener?.('error', tellsItself)
  }
}

/**
 * A connection that is lost between two statements says so by an event, which would end the process if nobody heard it: the pool listens to
 * those alone that are not lent out. The next statement rejects.
 */
function tellsItself(): void {}

/** Postgres answers ROLLBACK to the COMMIT of a transaction in which a statement failed: a handler may have caught that error. */
async function commit(connection: PgClientLike): Promise<void> {
  const result = await connection.query('COMMIT')
  if ('command' in result && result.command === 'ROLLBACK') {
    throw new WebhookError(
      'store_failed',
      'The transaction was rolled back, because a statement in it had failed. Let its error reject the work.',
    )
  }
}

/** A connection that cannot roll back is of no further use. */
async function rollsBack(connection: PgClientLike): Promise<boolean> {
  try {
    await connection.query('ROLLBACK')
    return true
  } catch {
    return false
  }
}
