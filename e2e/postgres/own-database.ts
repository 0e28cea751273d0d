import { randomUUID } from 'node:crypto'
import { openClient } from './connections'
import { type Server, startServer } from './server'

/** An empty database on a server of its own, or on the one that `DATABASE_URL` names; gone in the end. */
export async function startDatabase(): Promise<Server> {
  const server = await startServer()
  const name = `posthorn_test_${randomUUID().replaceAll('-', '')}`
  await run(server.url, `CREATE DATABASE ${name}`)
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return {
    ...server,
    url: url.href,
    async stop() {
      // A server of our own takes it along.
      if (server.own === undefined) await run(server.url, `DROP DATABASE ${name} WITH (FORCE)`)
      await server.stop()
    },
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = openClient(url)
  await client.connect()
  await client.query(sql)
  await client.end()
}
