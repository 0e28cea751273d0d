import { join } from 'node:path'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { openSender } from '../../lib/sender.mjs'

export async function open({ folder, ...rest }) {
  const db = await openSqlite(join(folder, 'posthorn.db'))
  const sender = await openSender(sqliteStore(db), rest)
  return {
    send: (event) => sender.send(event),
    sendMany: (events) => sender.sendMany(events),
    start: () => sender.start(),
    close: () => sender.stop({ timeout: '5s' }),
  }
}
