// A host's worker process: delivers from the SQLite file that argv names, until it is killed.
import { createSender } from '@posthorn/sender'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { workerOptions } from './settings'

const [file = ''] = process.argv.slice(2)
const sender = createSender({ store: sqliteStore(await openSqlite(file)), ...workerOptions })
await sender.migrate()
sender.start()
process.send?.('started')
