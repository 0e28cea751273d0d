/**
 * The part of a Postgres client that is used: `pg`'s `Pool` and `Client` and PGlite fit as they are, `postgres.js` through
 * {@link fromPostgresJs}. Each statement is given with values as text, and answers one row of text, so that no type parser matters.
 */
export interface PgClientLike {
  query(text: string, values?: string[]): PromiseLike<{ readonly rows: readonly unknown[] }>
}

/** The part of `postgres.js` that is used, of `sql` and of the one that `sql.begin` gives. */
export interface PostgresJsLike {
  unsafe(text: string, values?: string[]): PromiseLike<readonly unknown[]>
}

/**
 * Makes a `postgres.js` instance, or a transaction of it, fit.
 *
 * @example
 * ```ts ignore
 * postgresStore({ client: fromPostgresJs(postgres(url)) })
 * ```
 */
export function fromPostgresJs(sql: PostgresJsLike): PgClientLike {
  return { query: async (text, values) => ({ rows: await sql.unsafe(text, values) }) }
}
