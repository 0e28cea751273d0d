import { join } from 'node:path'
import { openSqlite } from '@posthorn/sqlite/sender'
import { createWorker } from '../../lib/worker.mjs'

const leaseMs = 45_000
const batch = 200

const schema = `
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, body BLOB NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS queue (event INTEGER PRIMARY KEY, leased_until INTEGER NOT NULL, attempt INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (event INTEGER PRIMARY KEY, status TEXT NOT NULL, finished_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS attempts (event INTEGER NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL, ms INTEGER NOT NULL, PRIMARY KEY (event, attempt)) STRICT, WITHOUT ROWID;
`
// The cursor spares it the rows that it leased itself; after a crash they are found again from the start.
const claimSql = `
UPDATE queue SET leased_until = ?, attempt = attempt + 1
WHERE event IN (SELECT event FROM queue WHERE event > ? AND leased_until < ? ORDER BY event LIMIT ?)
RETURNING event, attempt`

/**
 * An outbox as somebody who knows SQLite writes it: `synchronous = FULL`, claims and results in batches, wake-up within the process. It
 * has no retries, no caps, no endpoints, no guard.
 */
export async function open({ folder, ...rest }) {
  const db = await openSqlite(join(folder, 'outbox.db'))
  const { insert, claim, settle } = createOutbox(db)
  const worker = createWorker({ ...rest, claim, settle })
  const sendMany = async (events) => {
    insert(events)
    worker.wake()
  }
  return {
    send: (event) => sendMany([event]),
    sendMany,
    start: worker.start,
    async close() {
      await worker.close()
      db.close()
    },
  }
}

function createOutbox(db) {
  db.exec(schema)
  const insertEvent = db.prepare(
    'INSERT INTO events (id, type, body, created_at) VALUES (?, ?, ?, ?) RETURNING seq',
  )
  const enqueue = db.prepare('INSERT INTO queue VALUES (?, 0, 0)')
  const claim = db.prepare(claimSql)
  const load = db.prepare('SELECT id, body FROM events WHERE seq = ?')
  const dequeue = db.prepare('DELETE FROM queue WHERE event = ? AND attempt = ?')
  const finish = db.prepare("INSERT INTO deliveries VALUES (?, 'succeeded', ?)")
  const log = db.prepare('INSERT INTO attempts VALUES (?, ?, ?, ?, ?)')
  let cursor = 0
  return {
    insert(events) {
      db.exec('BEGIN')
      const now = Date.now()
      for (const event of events) {
        const body = Buffer.from(JSON.stringify(event))
        enqueue.run(insertEvent.get(event.id, event.type, body, now).seq)
      }
      db.exec('COMMIT')
    },
    claim() {
      const now = Date.now()
      return claim.all(now + leaseMs, cursor, now, batch).map(({ event, attempt }) => {
        cursor = Math.max(cursor, event)
        const { id, body } = load.get(event)
        return { event, attempt, id, body: Buffer.from(body) }
      })
    },
    settle(results) {
      db.exec('BEGIN')
      const now = Date.now()
      for (const { row, at, status } of results) {
        log.run(row.event, row.attempt, at, status, now - at)
        dequeue.run(row.event, row.attempt)
        finish.run(row.event, now)
      }
      db.exec('COMMIT')
    },
  }
}
