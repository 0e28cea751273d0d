import { readFileSync } from 'node:fs'
import pg from 'pg'
import { bundle } from './bundle.mjs'
import { treeCpuMicros } from './processes.mjs'

// Durable, with room enough that no checkpoint falls into a measurement by chance.
const durable = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
}

/** One server for a whole run: of our own, or the one that `DATABASE_URL` names. */
export async function startPostgres(settings = durable) {
  const { startServer } = await import(await bundle('e2e/postgres/server.ts'))
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = await startServer(flags)
  return {
    url: server.url,
    postmaster: await postmasterOf(server.url),
    description: await describe(server.url, Object.keys(settings)),
    stop: () => server.stop(),
  }
}

/**
 * A database of its own, dropped by `drop`.
 *
 * @param postmaster its process, as {@link startPostgres} tells it
 */
export async function createDatabase({ url, postmaster }) {
  const name = `bench_${process.pid}_${Date.now()}`
  await onConnection(url, (client) => client.query(`CREATE DATABASE ${name}`))
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    url: own.href,
    /** CPU time that the server has used so far, with all its processes; NaN where it is not on this machine. */
    cpuMicros: async () => (postmaster === undefined ? Number.NaN : treeCpuMicros(postmaster)),
    /** After a bulk load, for every stack alike: statistics as autovacuum would take them soon, and nothing left to be written. */
    settle: () =>
      onConnection(own.href, async (client) => {
        await client.query('ANALYZE')
        // A server that was given may not let everyone.
        await client.query('CHECKPOINT').catch(() => {})
      }),
    drop: () => onConnection(url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`)),
  }
}

async function onConnection(connectionString, work) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The parent of a backend, where that is a process of this machine. */
function postmasterOf(url) {
  return onConnection(url, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    try {
      const stat = readFileSync(`/proc/${rows[0].pid}/stat`, 'utf8')
      const [, comm, parent] = /\((.*)\) \S (\d+)/.exec(stat)
      return comm === 'postgres' ? Number(parent) : undefined
    } catch {
      return undefined
    }
  })
}

function describe(url, names) {
  return onConnection(url, async (client) => {
    const { rows } = await client.query(
      "SELECT current_setting('server_version') AS version, name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1)",
      [names],
    )
    const values = rows.map(({ name, value }) => `${name}=${value}`).join(', ')
    return `Postgres ${rows[0].version}, ${values}`
  })
}
