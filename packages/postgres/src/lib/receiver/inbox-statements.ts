/**
 * What the inbox asks of its tables; each is one statement. Every parameter and column is cast, whatever parsers the host has set.
 *
 * `statement_timestamp()` is one moment for the whole statement, however long it waits for a row.
 */
export type InboxStatements = ReturnType<typeof inboxStatements>

interface Tables {
  readonly inbox: string
  readonly tasks: string
}

const now = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'
const held = `key = decode($1::text, 'hex') AND handler = $2::text AND token = $3::text`
const isDead = `t.state = 'dead' AND ($1::text = '' OR t.key = decode($1::text, 'hex'))
  AND ($2::text = '' OR m.source = $2::text) AND ($3::text = '' OR m.type = $3::text)
  AND ($4::text = '' OR t.handler = $4::text)
  AND ($5::text = '' OR t.at >= $5::text::bigint) AND ($6::text = '' OR t.at < $6::text::bigint)`

export function inboxStatements(schema: string) {
  const tables = { inbox: `${schema}.inbox`, tasks: `${schema}.inbox_tasks` }
  return { ...intake(tables), ...leases(tables), ...records(tables), ...upkeep(tables) }
}

function intake({ inbox, tasks }: Tables) {
  const isDue = `state = 'pending' AND at <= ${now}
    AND handler = ANY (ARRAY(SELECT json_array_elements_text($1::json)))`
  return {
    // `known` answers a duplicate by reading alone. Who meets a row that it could not see yet is answered by that row, whose xmax its lock has set.
    accept: `
      WITH known AS (
        SELECT fingerprint FROM ${inbox} WHERE key = decode($1::text, 'hex')
      ), kept AS (
        INSERT INTO ${inbox} AS i (key, source, id, fingerprint, type, body, facts, received_at)
        SELECT decode($1::text, 'hex'), $2::text, $3::text, $4::text, $5::text, decode($6::text, 'hex'), $7::text, ${now}
        WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (key) DO UPDATE SET fingerprint = i.fingerprint
        RETURNING fingerprint, xmax = 0 AS is_new
      ), made AS (
        INSERT INTO ${tasks} (key, handler, at)
        SELECT decode($1::text, 'hex'), handler, ${now}
        FROM kept, json_array_elements_text($8::json) handler WHERE kept.is_new
      )
      SELECT CASE WHEN fingerprint = $4::text THEN 'duplicate' ELSE 'mismatch' END AS answer FROM known
      UNION ALL
      SELECT CASE WHEN is_new THEN 'accepted' WHEN fingerprint = $4::text THEN 'duplicate' ELSE 'mismatch' END FROM kept`,
    // Found by ctid, as statistics taken of an empty table would have a join read the whole index. The condition is repeated where the row is
    // locked: another may have claimed it since it was seen.
    claim: `
      WITH claimed AS (
        UPDATE ${tasks} SET token = $3::text, at = ${now} + $4::bigint, attempts = attempts + 1
        WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${tasks} WHERE ${isDue} ORDER BY at LIMIT $2::int FOR UPDATE SKIP LOCKED)) AND ${isDue}
        RETURNING key, handler, attempts
      )
      SELECT c.handler::text AS handler, c.attempts::text AS attempts, ${messageOf('i')}
      FROM claimed c CROSS JOIN LATERAL (SELECT * FROM ${inbox} i WHERE i.key = c.key OFFSET 0) i`,
  }
}

function leases({ tasks }: Tables) {
  return {
    renew: `UPDATE ${tasks} SET at = ${now} + $4::bigint WHERE ${held} RETURNING '' AS held`,
    settle: `
      UPDATE ${tasks} SET token = NULL, state = $4::text, at = ${now} + $5::bigint,
        reason = nullif($6::text, ''), code = coalesce(nullif($7::text, ''), code)
      WHERE ${held} RETURNING '' AS held`,
    release: `
      UPDATE ${tasks} SET token = NULL, at = ${now}, attempts = attempts - 1 WHERE ${held} RETURNING '' AS held`,
  }
}

function records({ inbox, tasks }: Tables) {
  return {
    get: `
      SELECT ${messageOf('i')}, i.received_at::text AS received_at, coalesce((
        SELECT json_agg(json_build_object('handler', t.handler, 'state', t.state, 'at', t.at, 'attempts', t.attempts,
          'reason', t.reason, 'code', t.code, 'running', t.token IS NOT NULL AND t.at > ${now}) ORDER BY t.handler COLLATE "C")
        FROM ${tasks} t WHERE t.key = i.key), '[]')::text AS tasks
      FROM ${inbox} i WHERE i.key = decode($1::text, 'hex')`,
    dead: `
      SELECT t.handler::text AS handler, t.at::text AS at, t.attempts::text AS attempts, t.reason::text AS reason,
        t.code::text AS code, m.source::text AS source, m.id::text AS id, m.type::text AS type
      FROM ${tasks} t JOIN ${inbox} m USING (key)
      WHERE ${isDead} AND ($7::text = '' OR t.at < $7::text::bigint
        OR t.at = $7::text::bigint AND (t.key, t.handler) < (decode($8::text, 'hex'), $9::text))
      ORDER BY t.at DESC, t.key DESC, t.handler DESC LIMIT $10::int`,
  }
}

function upkeep({ inbox, tasks }: Tables) {
  return {
    revive: `
      WITH revived AS (
        UPDATE ${tasks} SET state = 'pending', at = ${now}, attempts = 0, reason = NULL
        WHERE state = 'dead' AND ctid = ANY (ARRAY(
          SELECT t.ctid FROM ${tasks} t JOIN ${inbox} m USING (key) WHERE ${isDead} LIMIT $7::int FOR UPDATE OF t SKIP LOCKED))
        RETURNING key
      )
      SELECT count(*)::text AS count FROM revived`,
    statistics: `
      SELECT count(*) FILTER (WHERE state = 'pending' AND NOT running)::text AS pending,
        count(*) FILTER (WHERE running)::text AS running, count(*) FILTER (WHERE state = 'dead')::text AS dead,
        greatest(0, ${now} - min(at) FILTER (WHERE state = 'pending'))::text AS oldest_due
      FROM (
        SELECT state, at, token IS NOT NULL AND at > ${now} AS running FROM ${tasks} WHERE state = 'pending'
        UNION ALL SELECT state, at, false FROM ${tasks} WHERE state = 'dead') unfinished`,
    // Dead tasks are locked before their message is deleted: one that is being replayed is left out, or was replayed since it was seen, and its
    // message stays.
    prune: `
      WITH old AS MATERIALIZED (
        SELECT i.key, i.ctid FROM ${inbox} i WHERE i.received_at <= ${now} - $1::bigint AND NOT EXISTS (
          SELECT FROM ${tasks} t
          WHERE t.key = i.key AND (t.state = 'pending' OR t.state = 'dead' AND NOT $3::boolean))
        ORDER BY i.received_at LIMIT $2::int FOR UPDATE SKIP LOCKED
      ), locked AS MATERIALIZED (
        SELECT t.key, t.handler FROM ${tasks} t
        WHERE t.state = 'dead' AND t.key = ANY (ARRAY(SELECT key FROM old)) FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM ${inbox} WHERE ctid = ANY (ARRAY(
          SELECT o.ctid FROM old o WHERE NOT EXISTS (
            SELECT FROM ${tasks} t WHERE t.key = o.key AND t.state = 'dead'
              AND (t.key, t.handler) NOT IN (SELECT key, handler FROM locked))))
        RETURNING key
      )
      SELECT count(*)::text AS count FROM gone`,
  }
}

const messageOf = (i: string): string =>
  `${i}.source::text AS source, ${i}.id::text AS id, ${i}.fingerprint::text AS fingerprint, ${i}.type::text AS type,
    encode(${i}.body, 'hex')::text AS body, ${i}.facts::text AS facts`
