import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Receiver processes on one store, of which some may be dead. */
export interface Cluster {
  /** Brings a request to any that lives; undefined when the process died, or none lives. */
  send(request: RequestInit): Promise<Response | undefined>
  /** Kills one that lives, and starts another. False while a single one lives: the rest are starting still. */
  kill(): boolean
  stop(): Promise<void>
}

interface Member {
  readonly child: ChildProcess
  port?: number
}

const worker = new URL('./worker.mjs', import.meta.url)

export async function startCluster(
  size: number,
  settings: object,
  script = worker,
): Promise<Cluster> {
  const members = new Set<Member>()
  const problems: string[] = []
  const start = () => {
    const child = fork(fileURLToPath(script), [JSON.stringify(settings)], { silent: true })
    const member: Member = { child }
    members.add(member)
    child.stderr?.on('data', (data) => problems.push(String(data)))
    child.on('message', (message) => {
      member.port = portOf(message)
    })
    child.on('exit', () => members.delete(member))
    return member
  }
  const living = () => [...members].filter(({ port }) => port !== undefined)
  const oneOf = <Item>(items: readonly Item[]) => items[Math.floor(Math.random() * items.length)]

  for (let count = 0; count < size; count += 1) start()
  while (living().length < size) {
    if (members.size < size) throw new Error(`a receiver process ended: ${problems.join('')}`)
    await sleep(20)
  }
  return {
    async send(request) {
      const member = oneOf(living())
      if (!member) return undefined
      try {
        const response = await fetch(`http://127.0.0.1:${member.port}/`, request)
        await response.arrayBuffer()
        return response
      } catch {
        return undefined
      }
    },
    kill() {
      const member = oneOf(living())
      if (!member || living().length < 2) return false
      members.delete(member)
      member.child.kill('SIGKILL')
      start()
      return true
    },
    async stop() {
      const children = [...members].map(({ child }) => child)
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')))
    },
  }
}

function portOf(message: unknown): number {
  const port =
    typeof message === 'object' && message !== null && 'port' in message ? message.port : undefined
  if (typeof port === 'number') return port
  throw new TypeError('a receiver process sent something else than its port')
}
