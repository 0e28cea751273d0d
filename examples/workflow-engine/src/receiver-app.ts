// The consumer: an Express application with a SQLite file of its own.
//   WEBHOOK_SECRET=whsec_… node --import tsx src/receiver-app.ts <file.db> <port>
import { createReceiver, fromEnv } from '@posthorn/receiver'
import { toExpress } from '@posthorn/receiver/express'
import { sqliteIdempotency } from '@posthorn/sqlite/receiver'
import express from 'express'
import { createGroupCommit } from './app/group-commit'
import { createHandledLog } from './app/handled'
import { addHandlers } from './app/handlers'
import { listen } from './app/listen'
import { countOutcomes } from './app/outcome-counter'
import { createRunView } from './app/run-view'
import { openDatabase } from './database'
import { events } from './events'

const [file, port] = process.argv.slice(2)
if (file === undefined || port === undefined)
  throw new TypeError('usage: receiver-app <file.db> <port>')

const db = await openDatabase(file)
const view = createRunView(db)
const handled = createHandledLog(db)
const receiver = createReceiver({
  events,
  secrets: fromEnv('WEBHOOK_SECRET'),
  idempotency: { store: sqliteIdempotency(db), source: 'workflow-engine' },
})
addHandlers(receiver, { view, handled, commit: createGroupCommit(db) })

view.migrate()
handled.migrate()
await receiver.migrate()

const app = express()
const counted = countOutcomes(receiver)
app.post('/webhooks', toExpress(counted))
app.get('/counts', (_request, response) => {
  response.json(counted.counts())
})
const server = await listen(app, Number(port))
process.send?.({ kind: 'ready' })

process.on('message', () => void stop())
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())

async function stop(): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
  db.close?.()
  process.disconnect?.()
}
