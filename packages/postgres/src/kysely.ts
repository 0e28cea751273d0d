export { type KyselyLike, type KyselyQuery, kyselyTx } from './lib/hosts/kysely'
export type { PgClientLike } from './lib/pg-client-like'
