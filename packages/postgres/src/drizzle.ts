export { type DrizzleLike, type DrizzleSql, drizzleTx } from './lib/hosts/drizzle'
export type { PgClientLike } from './lib/pg-client-like'
