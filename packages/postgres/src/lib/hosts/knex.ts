import type { PgClientLike } from '../pg-client-like'
import { propertyOf } from './driver-error'

/** The part of a Knex transaction that is used. */
export interface KnexLike {
  raw(sql: string, bindings: readonly string[]): PromiseLike<unknown>
}

/**
 * Makes a Knex transaction fit as `tx` of `send` and `enqueue`.
 *
 * @example
 * ```ts ignore
 * await knex.transaction(async (trx) => {
 *   await trx('runs').insert(run)
 *   await sender.send({ type: 'run.completed', data: run }, { tx: knexTx(trx) })
 * })
 * sender.wake()
 * ```
 */
export function knexTx(trx: KnexLike): PgClientLike {
  return {
    async query(text, values = []) {
      const { sql, bindings } = toBindings(text, values)
      const rows = propertyOf(await trx.raw(sql, bindings), 'rows')
      if (Array.isArray(rows)) return { rows }
      throw new TypeError('knexTx: this Knex answered no rows: is its client `pg`?')
    },
  }
}

/** Knex numbers parameters itself, and writes each as `?`; a question mark of the statement is escaped. */
export function toBindings(text: string, values: readonly string[]) {
  const bindings: string[] = []
  const sql = text.replaceAll(/\$(\d+)|\?/g, (found, number?: string) => {
    if (number === undefined) return '\\?'
    const value = values[Number(number) - 1]
    if (value === undefined) return found
    bindings.push(value)
    return '?'
  })
  return { sql, bindings }
}
