/**
 * The part of a SQLite driver that is used. `better-sqlite3` (9 to 13), `node:sqlite` (`DatabaseSync`) and `libsql` fit as they are.
 *
 * Statements are asked with positional parameters (null, numbers, strings, `Uint8Array`) and must answer rows as objects; numbers may come
 * back as BigInt, and blobs as `Buffer`, `Uint8Array` or `ArrayBuffer`.
 */
export interface SqliteLike {
  prepare(sql: string): SqliteStatementLike
  exec(sql: string): unknown
  close?(): unknown
}

/** What `prepare` answers. The parameters are `never` so that every driver's own typing fits. */
export interface SqliteStatementLike {
  run(...parameters: never[]): unknown
  get(...parameters: never[]): unknown
  all(...parameters: never[]): unknown
}

export type SqliteValue = null | number | bigint | string | Uint8Array

/** The handle that `openSqlite` opens: a driver's own, typed as far as the three drivers agree. */
export interface SqliteDatabase extends SqliteLike {
  prepare(sql: string): SqliteDatabaseStatement
  exec(sql: string): unknown
  close(): unknown
}

export interface SqliteDatabaseStatement {
  run(...parameters: SqliteValue[]): unknown
  /** The first row, or undefined. */
  get(...parameters: SqliteValue[]): unknown
  all(...parameters: SqliteValue[]): unknown[]
}
