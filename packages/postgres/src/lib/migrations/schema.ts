/** Only names that need no quoting anywhere: the migrations are text in which the name is put. */
const schemaName = /^[a-z_][a-z0-9_]{0,40}$/

export function checkSchema(schema: string): void {
  if (schemaName.test(schema) && !schema.startsWith('pg_')) return
  throw new TypeError(
    'postgresStore: `schema` is at most 41 lower-case letters, digits and underscores',
  )
}

/** The migrations say `posthorn`, so that they run as they are. */
export const inSchema = (sql: string, schema: string): string =>
  schema === 'posthorn' ? sql : sql.replaceAll(/\bposthorn\b/g, schema)
