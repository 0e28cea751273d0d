import type pg from 'pg'

/** Everything in a schema as statements, from the catalogues, in an order that does not change; but for the partitions of days. */
export async function dumpSchema(pool: pg.Pool, schema: string): Promise<string> {
  const { rows } = await pool.query<{ text: string }>(STATEMENTS, [schema])
  return `${rows.map(({ text }) => text).join('\n\n')}\n`
}

const STATEMENTS = `
WITH tables AS (
  SELECT c.oid, c.relname, c.relkind, c.reloptions, c.relpartbound, c.relispartition FROM pg_class c
  WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND c.relname !~ '^attempts_[0-9]{8}$'
), parts AS (
  SELECT 1 AS kind, s.relname AS name, format('CREATE SEQUENCE %I.%I;', $1, s.relname) AS text
  FROM pg_class s WHERE s.relnamespace = $1::regnamespace AND s.relkind = 'S'
  UNION ALL
  SELECT 1, c.relname, format(E'CREATE TYPE %I.%I AS (\\n  %s\\n);', $1, c.relname, (
    SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), E',\\n  ' ORDER BY a.attnum)
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0))
  FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'c'
  UNION ALL
  SELECT 2, t.relname, format('CREATE TABLE %I.%I%s%s%s;', $1, t.relname,
    CASE WHEN t.relispartition THEN ' PARTITION OF ' || (
      SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = t.oid) || ' ' || pg_get_expr(t.relpartbound, t.oid)
    ELSE E' (\\n  ' || concat_ws(E',\\n  ', (
      SELECT string_agg(format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN l.collname <> 'default' THEN format(' COLLATE %I', l.collname) END,
        CASE WHEN a.attnotnull THEN ' NOT NULL' END, ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)), E',\\n  ' ORDER BY a.attnum)
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_collation l ON l.oid = a.attcollation
      WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped), (
      SELECT string_agg(format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), E',\\n  ' ORDER BY k.contype DESC, k.conname)
      FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype <> 'n')) || E'\\n)' END,
    CASE WHEN t.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(t.oid) END,
    ' WITH (' || array_to_string(t.reloptions, ', ') || ')')
  FROM tables t
  UNION ALL
  SELECT 3, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || ';'
  FROM pg_index i JOIN tables t ON t.oid = i.indrelid
  WHERE NOT t.relispartition AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
  UNION ALL
  SELECT 4, g.tgname, pg_get_triggerdef(g.oid) || ';' FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
  UNION ALL
  SELECT 5, p.oid::regprocedure::text, rtrim(pg_get_functiondef(p.oid), E'\\n') || ';' || coalesce(
    CASE WHEN p.proacl IS NOT NULL AND NOT EXISTS (SELECT 1 FROM aclexplode(p.proacl) a WHERE a.grantee = 0)
      THEN format(E'\\nREVOKE EXECUTE ON FUNCTION %s FROM PUBLIC;', p.oid::regprocedure) END, '')
  FROM pg_proc p WHERE p.pronamespace = $1::regnamespace
)
SELECT text FROM parts ORDER BY kind, name COLLATE "C", text COLLATE "C"`
