export {
  type SqliteIdempotency,
  type SqliteIdempotencyOptions,
  sqliteIdempotency,
} from './lib/receiver/idempotency'
export type { SqliteLike, SqliteStatementLike } from './lib/sqlite-like'
