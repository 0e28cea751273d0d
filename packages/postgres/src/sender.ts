export { type MigrationSql, type MigrationSqlOptions, migrationSql } from './lib/migrations/sql'
export { fromPostgresJs, type PgClientLike, type PostgresJsLike } from './lib/pg-client-like'
export type { PgListenerLike, PgNotification } from './lib/sender/listening'
export {
  type PostgresStore,
  type PostgresStoreOptions,
  postgresStore,
} from './lib/sender/store'
