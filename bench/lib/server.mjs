import { fork } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import { profiling } from './profiling.mjs'

/** Starts a server in a process of its own; it says `{ port }` when it listens. */
export async function startServer(file, args = []) {
  // Else it would inherit its parent's, and write over it.
  const name = `server ${basename(String(file), '.mjs')} ${args.join(' ')}`
  const child = fork(file, args, { execArgv: profiling(name) })
  const [{ port }] = await once(child, 'message')
  const ask = async () => {
    child.send('tell')
    const [told] = await once(child, 'message')
    return told
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    /** CPU time of the process so far, of a server that tells. */
    cpuMicros: async () => (await ask()).cpuMicros,
    /** How many requests a responder has received, and the first of them as text. */
    received: ask,
    close: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

export const startResponder = () => startServer(new URL('responder.mjs', import.meta.url))
