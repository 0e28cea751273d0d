import type { PgClientLike } from '../pg-client-like'

/** A statement as Kysely's `CompiledQuery.raw` makes it. */
export interface KyselyQuery {
  readonly query: {
    readonly kind: 'RawNode'
    readonly sqlFragments: readonly string[]
    readonly parameters: readonly never[]
  }
  readonly queryId: { readonly queryId: string }
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** The part of a Kysely `Transaction` or `ControlledTransaction` that is used. */
export interface KyselyLike {
  executeQuery(query: KyselyQuery): PromiseLike<{ readonly rows: readonly unknown[] }>
}

/**
 * Makes a Kysely transaction fit as `tx` of `send` and `enqueue`.
 *
 * @example
 * ```ts ignore
 * await db.transaction().execute(async (trx) => {
 *   await trx.insertInto('runs').values(run).execute()
 *   await sender.send({ type: 'run.completed', data: run }, { tx: kyselyTx(trx) })
 * })
 * sender.wake()
 * ```
 */
export function kyselyTx(trx: KyselyLike): PgClientLike {
  return { query: (text, values = []) => trx.executeQuery(raw(text, values)) }
}

function raw(sql: string, parameters: readonly string[]): KyselyQuery {
  return {
    query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
    queryId: { queryId: 'posthorn' },
    sql,
    parameters,
  }
}
