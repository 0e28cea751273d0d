export { type KnexLike, knexTx } from './lib/hosts/knex'
export type { PgClientLike } from './lib/pg-client-like'
