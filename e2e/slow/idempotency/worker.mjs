// A host's receiver process, from the built packages. Its first argument says over which store; it is killed, not stopped.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '../../../packages/receiver/dist/index.js'
import { toNode } from '../../../packages/receiver/dist/node.js'

const settings = JSON.parse(process.argv[2])
const { secret, source, lease, journal, transactional } = settings

/** Each answers a store, and how a handler of that store's kind leaves its effect. */
const stores = {
  async sqlite({ path }) {
    const { openSqlite, sqliteIdempotency } = await import(
      '../../../packages/sqlite/dist/receiver.js'
    )
    const store = sqliteIdempotency(await openSqlite(path))
    const sql = 'INSERT INTO effects (id) VALUES (?)'
    return { store, effect: ({ onCommit }, id) => onCommit((tx) => tx.prepare(sql).run(id)) }
  },
  async postgres({ url }) {
    const { Pool } = await import('pg')
    const { postgresIdempotency } = await import('../../../packages/postgres/dist/receiver.js')
    const client = new Pool({ connectionString: url, max: 6 })
    client.on('error', () => {})
    const sql = 'INSERT INTO effects (id) VALUES ($1)'
    return { store: postgresIdempotency({ client }), effect: ({ tx }, id) => tx.query(sql, [id]) }
  },
  async redis({ url, prefix }) {
    const { Redis } = await import('ioredis')
    const { fromIoredis, redisIdempotency } = await import(
      '../../../packages/redis/dist/receiver.js'
    )
    return { store: redisIdempotency({ client: fromIoredis(new Redis(url)), prefix }) }
  },
}

const { store, effect } = await stores[settings.store.kind](settings.store)
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const receiver = createReceiver({
  secrets: secret,
  idempotency: { store, source, lease, ...(transactional && { transactional }) },
  logger,
})

receiver.on('order.paid', async ({ id }, context) => {
  appendFileSync(journal, `began ${id}\n`)
  await sleep(5 + Math.random() * 25)
  if (transactional) await effect(context, id)
  await sleep(Math.random() * 10)
  appendFileSync(journal, `ended ${id}\n`)
})

const server = createServer(toNode(receiver))
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
