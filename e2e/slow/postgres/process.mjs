// A host's process on Postgres, from the built packages: a worker, a producer, or both. Its first argument says which; killed or told to stop.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { postgresStore } from '../../../packages/postgres/dist/sender.js'
import { createSender } from '../../../packages/sender/dist/index.js'
import { dyingAt } from './dying.mjs'

const {
  url,
  schema,
  options = {},
  skewMs = 0,
  produce,
  dieAt,
  poolSize = 4,
} = JSON.parse(process.argv[2])

const pool = new pg.Pool({
  connectionString: url,
  max: poolSize,
  connectionTimeoutMillis: 5_000,
  query_timeout: 15_000,
})
pool.on('error', () => {})
const client = dieAt === undefined ? pool : dyingAt(pool, dieAt)

const clock = {
  now: () => Date.now() + skewMs,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
}
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const store = postgresStore({ client, schema })
const sender = createSender({ store, logger, network: { development: true }, clock, ...options })
const done = { succeeded: 0, sent: [] }
sender.on('delivery.succeeded', () => {
  done.succeeded += 1
})

/** What the host writes of its own, if it does, and the event of it. */
async function fact(tx, table, event) {
  if (table !== undefined) await tx.query(`INSERT INTO ${table} (id) VALUES ($1)`, [event.id])
  return sender.send(event, { tx })
}

const deeds = {
  work: async () => sender.start(),
  produce: async ({ first, count, types, atOnce = 1, inTransaction, facts }) => {
    const send = async (index) => {
      const event = { id: `e${index}`, type: `run.${index % types}`, data: { index } }
      if (inTransaction) await sender.transaction((tx) => fact(tx, facts, event))
      else await sender.send(event)
      done.sent.push(event.id)
    }
    for (let index = first; index < first + count; index += atOnce)
      await Promise.all(Array.from({ length: atOnce }, (_, more) => send(index + more)))
  },
}

process.on('message', async (message) => {
  if (message === 'report') process.send({ report: done })
  if (message === 'work') await deeds.work()
  if (message === 'stop') await stop()
})
process.on('SIGTERM', stop)
// A test that fails leaves nobody behind.
process.on('disconnect', () => process.exit())

async function stop() {
  await sender.stop({ timeout: '10s' })
  process.send?.({ report: done })
  await pool.end().catch(() => {})
  process.exit(0)
}

if (produce === undefined) await deeds.work()
process.send('started')
if (produce !== undefined) {
  await deeds.produce(produce)
  process.send({ report: done })
}
