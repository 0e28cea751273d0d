import { recordOf, registryOf } from './migrate'
import { checkSchema, inSchema } from './schema'
import { senderMigrations } from './sets'

/** What the steps are written for. */
export interface MigrationSqlOptions {
  /** Where the tables are to lie; default `posthorn`. */
  readonly schema?: string
}

/** One step, as a text of statements without parameters, to be run in one transaction. */
export interface MigrationSql {
  /** From 1, without gaps; a released step never changes. */
  readonly version: number
  /** Such as `0001_tables`. */
  readonly name: string
  readonly sql: string
}

/**
 * The sender's migrations for those who run them by other means, such as Flyway, Prisma or Drizzle: applied in order, each once. Each
 * records itself, so that `migrate()` finds it done, in whatever mixture of the two.
 *
 * @throws TypeError when `schema` is no plain name.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs'
 * import { migrationSql } from '@posthorn/postgres/sender'
 *
 * for (const { version, name, sql } of migrationSql()) writeFileSync(`migrations/V${version}__posthorn_${name}.sql`, sql)
 * ```
 */
export function migrationSql({
  schema = 'posthorn',
}: MigrationSqlOptions = {}): readonly MigrationSql[] {
  checkSchema(schema)
  const { part, migrations } = senderMigrations
  return migrations.map((migration, index) => {
    const version = index + 1
    const first =
      version === 1 ? `CREATE SCHEMA IF NOT EXISTS ${schema};\n${registryOf(schema, true)}\n\n` : ''
    const sql = `${first}${inSchema(migration.sql, schema)}\n${recordOf(schema, part, migration, version)}\n`
    return { version, name: migration.name, sql }
  })
}
