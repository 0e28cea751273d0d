export { type OpenSqliteOptions, openSqlite, type SqliteDriver } from './lib/open-sqlite'
export { type SqliteStore, type SqliteStoreOptions, sqliteStore } from './lib/sender/store'
export type {
  SqliteDatabase,
  SqliteDatabaseStatement,
  SqliteLike,
  SqliteStatementLike,
  SqliteValue,
} from './lib/sqlite-like'
