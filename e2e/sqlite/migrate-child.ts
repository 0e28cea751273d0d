// Opens a database when told to, migrates it, and says how that went: node --import tsx migrate-child.ts <file>
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'

const [file] = process.argv.slice(2)
if (file === undefined) throw new TypeError('usage: migrate-child <file>')

process.once('message', async () => {
  const store = sqliteStore(await openSqlite(file))
  await store.migrate()
  const { pending } = await store.log.statistics()
  await store.close()
  process.send?.({ pending })
  process.disconnect()
})
process.send?.('ready')
