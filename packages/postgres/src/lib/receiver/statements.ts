/**
 * What the receiver asks of its table; each is one statement. Every parameter and column is cast, whatever parsers the host has set.
 *
 * `statement_timestamp()` is one moment for the whole statement, however long it waits for a row: a claim judged by an earlier moment only errs
 * towards leaving a lease alone.
 */
export interface ClaimStatements {
  readonly claim: string
  readonly renew: string
  readonly complete: string
  readonly release: string
  readonly prune: string
}

const now = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'
const inMs = (parameter: string) => `${now} + ${parameter}::bigint`
const held = `key = decode($1::text, 'hex') AND token = $2::text`
const answer = `fingerprint::text AS fingerprint, token::text AS token, (until - ${now})::text AS left_ms`

/** How long a claim whose lease ran out is kept, so that its handler can still complete it. */
const ABANDONED_AFTER_MS = 86_400_000

export function claimStatements(schema: string): ClaimStatements {
  const table = `${schema}.claims`
  const unlessLive = (column: string) =>
    `${column} = CASE WHEN c.until > ${now} THEN c.${column} ELSE excluded.${column} END`
  return {
    // `known` answers a duplicate by reading alone; who meets a row that it could not see yet is answered by that row, unchanged.
    claim: `
      WITH known AS (
        SELECT fingerprint, token, until FROM ${table}
        WHERE key = decode($1::text, 'hex') AND until > ${now}
      ), taken AS (
        INSERT INTO ${table} AS c (key, token, until, fingerprint, source, id)
        SELECT decode($1::text, 'hex'), $2::text, ${inMs('$3')}, $4::text, $5::text, $6::text
        WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (key) DO UPDATE SET ${['token', 'until', 'fingerprint'].map(unlessLive).join(', ')}
        RETURNING fingerprint, token, until
      )
      SELECT ${answer} FROM known UNION ALL SELECT ${answer} FROM taken`,
    renew: `UPDATE ${table} SET until = ${inMs('$3')} WHERE ${held} RETURNING '' AS held`,
    complete: `
      UPDATE ${table} SET token = NULL, until = ${inMs('$3')} WHERE ${held} RETURNING '' AS held`,
    release: `DELETE FROM ${table} WHERE ${held} RETURNING '' AS held`,
    prune: `
      WITH gone AS (
        DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${table}
          WHERE until <= ${now} AND (token IS NULL OR until <= ${now} - ${ABANDONED_AFTER_MS})
          ORDER BY until LIMIT $1::int FOR UPDATE SKIP LOCKED))
        RETURNING key
      )
      SELECT count(*)::text AS pruned FROM gone`,
  }
}
