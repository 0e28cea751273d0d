export type { PgHostClient, PgliteLike, PgPoolLike } from './lib/host-transaction'
export type { PgClientLike } from './lib/pg-client-like'
export {
  type PostgresIdempotency,
  type PostgresIdempotencyOptions,
  postgresIdempotency,
} from './lib/receiver/idempotency'
export { type PostgresInbox, type PostgresInboxOptions, postgresInbox } from './lib/receiver/inbox'
export { type PostgresInsertingOptions, postgresInserting } from './lib/receiver/inserting'
export { type PostgresOrder, type PostgresOrderOptions, postgresOrder } from './lib/receiver/order'
