import { createHash } from 'node:crypto'
import type { Database } from '../database'
import { inSchema } from './schema'

/** One numbered step of a schema; never changed once released. */
export interface Migration {
  readonly name: string
  readonly sql: string
}

/** The steps of one part (`sender`, `receiver`), in order; the first is version 1. `after` runs each time. */
export interface MigrationSet {
  readonly part: string
  readonly migrations: readonly Migration[]
  readonly after?: string
}

/**
 * Brings one part's tables up to date: one statement, and so one transaction, under a lock that concurrent callers wait for. Repeatable;
 * what failed halfway left nothing.
 *
 * @throws WebhookError `store_too_new` when the database has steps that this version does not know; `store_failed` when a step
 * that was applied differs from the one of that number here; `store_busy`.
 */
export async function migrate(database: Database, set: MigrationSet): Promise<void> {
  await database.run(migrationOf(database.schema, set))
}

/** No values go with a `DO`: all that it needs is in its text. */
function migrationOf(schema: string, { part, migrations, after = '' }: MigrationSet): string {
  const steps = migrations.map((migration, index) => stepOf(schema, part, migration, index + 1))
  return `DO $posthorn$
DECLARE
  found record;
  version integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('posthorn migrate ${schema}'));
  IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA ${schema}; END IF;
  IF to_regclass('${schema}.migrations') IS NULL THEN
    ${registryOf(schema)}
  END IF;
  SELECT coalesce(max(m.version), 0) INTO version FROM ${schema}.migrations m WHERE m.part = '${part}';
  IF version > ${migrations.length} THEN
    RAISE EXCEPTION 'The database has version % of the ${part}''s tables, this package knows ${migrations.length}. Update @posthorn/postgres.', version
      USING ERRCODE = 'PH001';
  END IF;
  FOR found IN SELECT m.version, m.name, m.checksum FROM ${schema}.migrations m WHERE m.part = '${part}' LOOP
    IF found.checksum IS DISTINCT FROM (ARRAY[${migrations.map((one) => `'${checksumOf(one)}'`).join(', ')}])[found.version] THEN
      RAISE EXCEPTION 'The ${part}''s migration % was applied with another text than this package has. Use the package that created the database.', found.name
        USING ERRCODE = 'PH002';
    END IF;
  END LOOP;
${steps.join('\n')}
  ${after && `PERFORM ${schema}.${after};`}
END $posthorn$`
}

function stepOf(schema: string, part: string, migration: Migration, version: number): string {
  return `  IF version < ${version} THEN
    EXECUTE $step${version}$${inSchema(migration.sql, schema)}$step${version}$;
    ${recordOf(schema, part, migration, version)}
  END IF;`
}

/** Where each applied step is recorded, of every part that shares the schema. */
export const registryOf = (
  schema: string,
  unlessThere = false,
): string => `CREATE TABLE ${unlessThere ? 'IF NOT EXISTS ' : ''}${schema}.migrations (
      part text NOT NULL, version integer NOT NULL, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (part, version));`

export const recordOf = (
  schema: string,
  part: string,
  migration: Migration,
  version: number,
): string => `INSERT INTO ${schema}.migrations (part, version, name, checksum)
    VALUES ('${part}', ${version}, '${migration.name}', '${checksumOf(migration)}');`

export function checksumOf({ sql }: Migration): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex')
}
