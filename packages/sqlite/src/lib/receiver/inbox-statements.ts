/** What the inbox asks of its tables. */

export const KNOWN = 'SELECT fingerprint FROM posthorn_inbox WHERE source = ? AND id = ?'

/** A trigger makes the tasks. */
export const KEEP = `
  INSERT INTO posthorn_inbox (source, id, fingerprint, type, body, facts, handlers, received_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

const DUE = `
  FROM posthorn_inbox_tasks INDEXED BY posthorn_inbox_pending
  WHERE state = 'pending' AND at <= ? AND handler IN (SELECT value FROM json_each(?))`

export const IS_DUE = `SELECT 1 ${DUE} LIMIT 1`

export const CLAIM = `
  UPDATE posthorn_inbox_tasks SET token = ?, at = ?, attempts = attempts + 1
  WHERE (seq, handler) IN (SELECT seq, handler ${DUE} ORDER BY at LIMIT 0 + ?)
  RETURNING seq, handler, attempts`

export const MESSAGE = `
  SELECT seq, source, id, fingerprint, type, body, facts, received_at FROM posthorn_inbox`

const HELD = `
  WHERE seq = (SELECT seq FROM posthorn_inbox WHERE source = ? AND id = ?) AND handler = ? AND token = ?`

export const RENEW = `UPDATE posthorn_inbox_tasks SET at = ? ${HELD}`

export const SETTLE = `
  UPDATE posthorn_inbox_tasks SET token = NULL, state = ?, at = ?, reason = ?, code = coalesce(?, code) ${HELD}`

export const RELEASE = `
  UPDATE posthorn_inbox_tasks SET token = NULL, at = ?, attempts = attempts - 1 ${HELD}`

export const TASKS = `
  SELECT handler, state, at, token, attempts, reason, code FROM posthorn_inbox_tasks
  WHERE seq = ? ORDER BY handler`

export const deadSql = (condition: string): string => `
  SELECT t.handler, t.at, t.attempts, t.reason, t.code, m.source, m.id, m.type
  FROM posthorn_inbox_tasks t JOIN posthorn_inbox m ON m.seq = t.seq
  WHERE ${condition} ORDER BY t.at DESC, m.source, m.id, t.handler LIMIT 0 + ?`

export const reviveSql = (condition: string): string => `
  UPDATE posthorn_inbox_tasks SET state = 'pending', at = ?, attempts = 0, reason = NULL
  WHERE (seq, handler) IN (
    SELECT t.seq, t.handler FROM posthorn_inbox_tasks t JOIN posthorn_inbox m ON m.seq = t.seq
    WHERE ${condition} LIMIT 0 + ?)`

export const STATISTICS = `
  SELECT
    (SELECT count(*) FROM posthorn_inbox_tasks WHERE state = 'pending') AS unfinished,
    (SELECT count(*) FROM posthorn_inbox_tasks WHERE state = 'pending' AND at > ? AND token IS NOT NULL) AS running,
    (SELECT count(*) FROM posthorn_inbox_tasks WHERE state = 'dead') AS dead,
    (SELECT min(at) FROM posthorn_inbox_tasks WHERE state = 'pending') AS oldest`

/** A trigger drops the tasks. */
export const PRUNE = `
  DELETE FROM posthorn_inbox WHERE seq IN (
    SELECT m.seq FROM posthorn_inbox m WHERE m.received_at <= ? AND NOT EXISTS (
      SELECT 1 FROM posthorn_inbox_tasks t
      WHERE t.seq = m.seq AND (t.state = 'pending' OR t.state = 'dead' AND NOT ?))
    ORDER BY m.received_at LIMIT 0 + ?)`

export const LOCK = 'UPDATE posthorn_inbox_tasks SET at = at WHERE false'
