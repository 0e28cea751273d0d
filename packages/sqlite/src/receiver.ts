export { type OpenSqliteOptions, openSqlite, type SqliteDriver } from './lib/open-sqlite'
export {
  type SqliteIdempotency,
  type SqliteIdempotencyOptions,
  sqliteIdempotency,
} from './lib/receiver/idempotency'
export { type SqliteInbox, type SqliteInboxOptions, sqliteInbox } from './lib/receiver/inbox'
export { type SqliteOrder, type SqliteOrderOptions, sqliteOrder } from './lib/receiver/order'
export type {
  SqliteDatabase,
  SqliteDatabaseStatement,
  SqliteLike,
  SqliteStatementLike,
  SqliteValue,
} from './lib/sqlite-like'
