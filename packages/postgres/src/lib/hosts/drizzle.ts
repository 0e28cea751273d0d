import type { PgClientLike } from '../pg-client-like'
import { isObject, propertyOf, unwrapped } from './driver-error'

/** The part of Drizzle's `SQL` that is used: it compiles itself. */
export interface DrizzleSql {
  toQuery(config: never): { sql: string; params: unknown[] }
}

/** The part of a Drizzle transaction, or database, that is used: of `node-postgres`, `postgres-js` and PGlite alike. */
export interface DrizzleLike {
  execute(query: { getSQL(): DrizzleSql } | string): PromiseLike<unknown>
}

/**
 * Makes a Drizzle transaction fit as `tx` of `send` and `enqueue`.
 *
 * @example
 * ```ts ignore
 * await db.transaction(async (tx) => {
 *   await tx.insert(runs).values(run)
 *   await sender.send({ type: 'run.completed', data: run }, { tx: drizzleTx(tx) })
 * })
 * sender.wake()
 * ```
 */
export function drizzleTx(tx: DrizzleLike): PgClientLike {
  return {
    async query(text, values = []) {
      const statement: DrizzleSql = { toQuery: () => ({ sql: text, params: values }) }
      const work = tx.execute({ getSQL: () => statement })
      return { rows: rowsOf(await unwrapped(work, driverErrorOf)) }
    },
  }
}

/** `postgres-js` answers the rows themselves. */
function rowsOf(result: unknown): readonly unknown[] {
  const rows = Array.isArray(result) ? result : propertyOf(result, 'rows')
  if (Array.isArray(rows)) return rows
  throw new TypeError('drizzleTx: this Drizzle driver answered no rows: is it one of Postgres?')
}

/** `DrizzleQueryError` has the statement and its values in its message, and the driver's error as its cause. */
function driverErrorOf(error: object): unknown {
  const cause = propertyOf(error, 'cause')
  return 'query' in error && 'params' in error && isObject(cause) ? cause : undefined
}
