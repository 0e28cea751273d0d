import { join } from 'node:path'
import { openSqlite } from '@posthorn/sqlite/sender'
import { createWorker } from '../../lib/worker.mjs'

const batch = 500
const schema = `
CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE results (seq INTEGER PRIMARY KEY, status INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
`

/**
 * The limit of what is durable: events appended, read again by a cursor in memory, results appended in groups. It claims nothing, so no
 * second worker could run, and a crash would repeat all since the last result.
 */
export async function open({ folder, ...rest }) {
  const db = await openSqlite(join(folder, 'limit.db'))
  db.exec(schema)
  const insert = db.prepare('INSERT INTO events (id, body) VALUES (?, ?)')
  const read = db.prepare('SELECT seq, id, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?')
  const record = db.prepare('INSERT INTO results VALUES (?, ?, ?)')
  let cursor = 0
  const claim = () => {
    const rows = read.all(cursor, batch)
    cursor = rows.at(-1)?.seq ?? cursor
    return rows.map(({ seq, id, body }) => ({ seq, id, body: Buffer.from(body) }))
  }
  const settle = (results) => {
    db.exec('BEGIN')
    for (const { row, status } of results) record.run(row.seq, status, Date.now())
    db.exec('COMMIT')
  }
  const worker = createWorker({ ...rest, claim, settle })

  const sendMany = async (events) => {
    db.exec('BEGIN')
    for (const event of events) insert.run(event.id, Buffer.from(JSON.stringify(event)))
    db.exec('COMMIT')
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
