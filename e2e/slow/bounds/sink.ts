import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export interface Seen {
  readonly requests: number
  /** Sockets open now, over all origins. */
  readonly open: number
  /** The most that were ever open at once. */
  readonly most: number
}

export interface Sink {
  readonly urls: readonly string[]
  seen(): Promise<Seen>
  close(): Promise<void>
}

/** Starts so many origins, each on a port of its own, in another process. */
export async function startSink(origins: number): Promise<Sink> {
  const child = fork(new URL('origins.mjs', import.meta.url), [String(origins)])
  const ports = await next<{ readonly ports: readonly number[] }>(child)
  return {
    urls: ports.ports.map((port) => `http://127.0.0.1:${port}/`),
    async seen() {
      const answer = next<Seen>(child)
      child.send('tell')
      return answer
    },
    async close() {
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
    },
  }
}

function next<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve) => child.once('message', (message: Message) => resolve(message)))
}
