// A host's worker process: delivers from the SQLite file that argv names, until it is killed.
import { createSender } from '@posthorn/sender'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { killOptions } from '../lib/kill-options'

const [file = ''] = process.argv.slice(2)
const sender = createSender({ store: sqliteStore(await openSqlite(file)), ...killOptions })
await sender.migrate()
sender.start()
process.send?.('started')
