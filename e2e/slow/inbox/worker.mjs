// A host's process with an inbox, from the built packages. Its first argument says over which store; it is killed, not stopped.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInbox, createReceiver } from '../../../packages/receiver/dist/index.js'
import { toNode } from '../../../packages/receiver/dist/node.js'

const { secret, journal, store: settings } = JSON.parse(process.argv[2])

/** Each answers a store, and how a handler leaves its effect in that store's database. */
const stores = {
  async sqlite({ path }) {
    const { openSqlite, sqliteInbox } = await import('../../../packages/sqlite/dist/receiver.js')
    const sql = 'INSERT INTO effects (id) VALUES (?)'
    const effect = ({ onCommit }, id) => onCommit((tx) => tx.prepare(sql).run(id))
    return { store: sqliteInbox(await openSqlite(path)), effect }
  },
  async postgres({ url }) {
    const { Pool } = await import('pg')
    const { postgresInbox } = await import('../../../packages/postgres/dist/receiver.js')
    const client = new Pool({ connectionString: url, max: 6 })
    client.on('error', () => {})
    const sql = 'INSERT INTO effects (id) VALUES ($1)'
    return { store: postgresInbox({ client }), effect: ({ tx }, id) => tx.query(sql, [id]) }
  },
}

const { store, effect } = await stores[settings.kind](settings)
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const receiver = createReceiver({ secrets: secret, idempotency: 'none', logger })
const inbox = createInbox(receiver, {
  store,
  source: 'shop',
  transactional: true,
  concurrency: 4,
  lease: '1s',
  pollInterval: '50ms',
  retry: { first: '50ms', maxAttempts: 100 },
})

inbox.on(
  'order.paid',
  async ({ id }, context) => {
    appendFileSync(journal, `ledger ${id}\n`)
    await sleep(20 + Math.random() * 60)
    await effect(context, id)
    await sleep(Math.random() * 20)
  },
  { name: 'ledger' },
)
inbox.on('order.paid', ({ id }) => appendFileSync(journal, `mail ${id}\n`), { name: 'mail' })
inbox.start()

const server = createServer(toNode(inbox))
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
