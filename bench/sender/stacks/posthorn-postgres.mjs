import { postgresStore } from '@posthorn/postgres/sender'
import pg from 'pg'
import { openSender } from '../../lib/sender.mjs'

export async function open({ database, ...rest }) {
  const pool = new pg.Pool({ connectionString: database, max: 10 })
  const sender = await openSender(postgresStore({ client: pool }), rest)
  return {
    send: (event) => sender.send(event),
    sendInTransaction: (event) => sender.transaction((tx) => sender.send(event, { tx })),
    sendMany: (events) => sender.sendMany(events),
    start: () => sender.start(),
    async close() {
      await sender.stop({ timeout: '5s' })
      await pool.end()
    },
  }
}
