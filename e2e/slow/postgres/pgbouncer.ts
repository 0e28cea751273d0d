import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../lib/free-port'

export interface Bouncer {
  readonly url: string
  stop(): Promise<void>
}

/** Debian keeps it where only root's PATH leads. */
const path = `${process.env.PATH ?? ''}:/usr/sbin`

export const hasPgBouncer = (): boolean =>
  spawnSync('pgbouncer', ['--version'], { env: { PATH: path } }).status === 0

/** PgBouncer in transaction mode before a server: a few sessions, each shared by all clients, statement by statement. */
export async function startPgBouncer(server: string, sessions: number): Promise<Bouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-pgbouncer-'))
  chmodSync(folder, 0o755)
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  writeFileSync(file, settings(new URL(server), port, sessions))
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn('pgbouncer', ['-q', ...user, file], { env: { PATH: path }, stdio: 'ignore' })
  await listening(child, port)
  return {
    url: `postgres://postgres@127.0.0.1:${port}${new URL(server).pathname}`,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const settings = ({ hostname, port, username, password }: URL, own: number, sessions: number) => `
[databases]
* = host=${hostname} port=${port || 5432} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${sessions}
max_client_conn = 100
server_reset_query_always = 1
`

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (child.exitCode !== null) break
    if (await accepts(port)) return
    await sleep(50)
  }
  child.kill('SIGKILL')
  throw new Error('PgBouncer did not begin to listen')
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (accepted: boolean) => () => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', answer(true)).once('error', answer(false))
  })
