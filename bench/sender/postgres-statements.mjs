/**
 * What the statements of the Postgres store cost: rows/s and CPU time of the database's backend per row, of `insert`, `claim` and `settle`,
 * over one connection with a backlog. The server does not wait for the disk: the CPU is what is measured.
 *
 *   node bench/sender/postgres-statements.mjs [--endpoints=1,100,1000] [--tenants=1] [--backlog=100000] [--rows=20000] [--batch=100]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { postgresStore } from '@posthorn/postgres/sender'
import pg from 'pg'
import { body } from '../lib/event.mjs'
import { createDatabase, startPostgres } from '../lib/postgres.mjs'
import { table } from '../lib/report.mjs'

const { values } = parseArgs({
  options: {
    endpoints: { type: 'string', default: '1,100,1000' },
    tenants: { type: 'string', default: '1' },
    backlog: { type: 'string', default: '100000' },
    rows: { type: 'string', default: '20000' },
    batch: { type: 'string', default: '100' },
    cap: { type: 'string', default: '100' },
  },
})
const [backlog, rows, batch, cap, tenants] = ['backlog', 'rows', 'batch', 'cap', 'tenants'].map(
  (name) => Number(values[name]),
)

const server = await startPostgres({ fsync: 'off', shared_buffers: '512MB', max_wal_size: '4GB' })
const database = await createDatabase(server)
try {
  const results = []
  for (const endpoints of values.endpoints.split(',').map(Number))
    results.push(...(await measure(endpoints)))
  const head = [
    'endpoints',
    'statement',
    'rows/s',
    'backend µs/row',
    'process µs/row',
    'WAL bytes/row',
  ]
  console.log(table(head, results))
} finally {
  await database.drop()
  await server.stop()
}

async function measure(count) {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  pool.on('error', () => {})
  const schema = `statements_${count}`
  const store = postgresStore({ client: pool, schema })
  await store.migrate()
  const endpoints = []
  for (let index = 0; index < count; index += 1) {
    const tenantId = `tenant_${index % tenants}`
    endpoints.push(await store.endpoints.insert(newEndpoint(tenantId, index)))
  }
  const { rows: found } = await pool.query('SELECT pg_backend_pid() AS pid')
  const meter = createMeter(pool, found[0].pid)
  let made = 0
  const insert = async (total) => {
    for (let left = total; left > 0; left -= batch) {
      const events = Array.from({ length: batch }, () => newEvent(endpoints[made % count], made++))
      await store.deliveries.insert(events)
    }
  }
  await insert(backlog)
  await pool.query('ANALYZE')
  const inserted = await meter(rows, () => insert(rows))
  const request = {
    limit: batch,
    leaseMs: 600_000,
    perEndpoint: cap,
    failingLimit: 20,
    probeAfterMs: 3_600_000,
    solo: false,
  }
  const claims = createSum()
  const settlements = createSum()
  let claimed = 0
  while (claimed < rows) {
    let claim
    claims.add(
      await meter.raw(async () => {
        claim = await store.deliveries.claim(request)
      }),
    )
    const { deliveries, now } = claim
    if (deliveries.length === 0) throw new RangeError('nothing was claimed')
    claimed += deliveries.length
    const next = { status: 'succeeded' }
    const settled = deliveries.map(({ lease }) => ({ lease, next, attempt: attempt(now) }))
    settlements.add(await meter.raw(() => store.deliveries.settle(settled)))
  }
  await pool.end()
  return [
    [count, 'insert', ...inserted],
    [count, 'claim', ...meter.figures(claims.sum, claimed)],
    [count, 'settle', ...meter.figures(settlements.sum, claimed)],
  ]
}

function createSum() {
  const sum = { ms: 0, backend: 0, own: 0, wal: 0 }
  return {
    sum,
    add(one) {
      for (const key of Object.keys(sum)) sum[key] += one[key]
    },
  }
}

/** Measures what the backend with `pid` does meanwhile. */
function createMeter(pool, pid) {
  const backendMicros = () => {
    // Nanoseconds on the CPU; the ticks of `stat` are too coarse for one statement.
    const [nanos] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')
    return Number(nanos) / 1_000
  }
  const raw = async (work) => {
    const wal = await walBytes(pool)
    const cpu = process.cpuUsage()
    const backend = backendMicros()
    const began = performance.now()
    await work()
    const ms = performance.now() - began
    const spent = backendMicros() - backend
    const { user, system } = process.cpuUsage(cpu)
    return { ms, backend: spent, own: user + system, wal: (await walBytes(pool)) - wal }
  }
  const figures = ({ ms, backend, own, wal }, count) => [
    ((count * 1_000) / ms).toFixed(0),
    (backend / count).toFixed(1),
    (own / count).toFixed(1),
    (wal / count).toFixed(0),
  ]
  const meter = async (count, work) => figures(await raw(work), count)
  return Object.assign(meter, { raw, figures })
}

async function walBytes(pool) {
  const { rows: found } = await pool.query(
    "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes",
  )
  return Number(found[0].bytes)
}

function newEndpoint(tenantId, index) {
  return {
    tenantId,
    id: `ep_${String(index).padStart(26, '0')}`,
    url: 'https://example.com/hooks',
    eventTypes: ['*'],
    status: 'enabled',
    health: { state: 'healthy' },
    headers: {},
    secrets: [],
    metadata: {},
  }
}

function newEvent({ tenantId, id: endpointId }, index) {
  const id = `evt_${String(index).padStart(26, '0')}`
  const delivery = {
    id: `dlv_${String(index).padStart(26, '0')}`,
    endpointId,
    state: { status: 'pending' },
  }
  return {
    tenantId,
    id,
    type: 'run.completed',
    version: 1,
    timestamp: Date.now(),
    body: body(1_000, id),
    metadata: {},
    fanOut: { deliveries: [delivery], bodies: [] },
  }
}

function attempt(now) {
  return {
    number: 1,
    startedAt: now,
    durationMs: 12,
    outcome: 'success',
    status: 204,
    requestHeaders: {
      'content-type': 'application/json',
      'webhook-id': 'evt_1',
      'webhook-timestamp': '1',
      'webhook-signature': 'v1,x',
    },
    responseHeaders: { date: 'today', server: 'x' },
    responseBody: new Uint8Array(0),
    responseTruncated: false,
    freshSocket: false,
  }
}
