import { join } from 'node:path'
import { openSqlite } from '@posthorn/sqlite/sender'
import { createGroup } from './group.mjs'
import { createClient } from './http.mjs'
import { createPump } from './pump.mjs'

const batch = 500

/**
 * The limit of what is durable: events appended, read again by a cursor in memory, results appended in groups. It claims nothing, so no
 * second worker could run, and a crash would repeat all since the last result.
 */
export async function open({ folder, origin, concurrency, onDelivered }) {
  const db = await openSqlite(join(folder, 'limit.db'))
  db.exec(
    'CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB NOT NULL) STRICT',
  )
  db.exec(
    'CREATE TABLE results (seq INTEGER PRIMARY KEY, status INTEGER NOT NULL, at INTEGER NOT NULL) STRICT',
  )
  const insert = db.prepare('INSERT INTO events (id, body) VALUES (?, ?)')
  const read = db.prepare('SELECT seq, id, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?')
  const record = db.prepare('INSERT INTO results VALUES (?, ?, ?)')
  const client = createClient(origin, concurrency)
  let cursor = 0
  let inFlight = 0
  const results = createGroup(
    (rows) => {
      db.exec('BEGIN')
      for (const { seq, status } of rows) record.run(seq, status, Date.now())
      db.exec('COMMIT')
      for (const _row of rows) onDelivered()
    },
    () => Math.max(1, Math.min(200, inFlight)),
  )
  const claim = () => {
    const rows = read.all(cursor, batch)
    cursor = rows.at(-1)?.seq ?? cursor
    return rows
  }
  const pump = createPump(claim, concurrency, async ({ seq, id, body }) => {
    inFlight += 1
    results.add({ seq, status: await client.post(id, Buffer.from(body)) })
    inFlight -= 1
  })

  const sendMany = async (events) => {
    db.exec('BEGIN')
    for (const event of events) insert.run(event.id, Buffer.from(JSON.stringify(event)))
    db.exec('COMMIT')
    pump.wake()
  }
  return {
    send: (event) => sendMany([event]),
    sendMany,
    start: pump.start,
    async close() {
      await client.close()
      db.close()
    },
  }
}
