import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Starts a server in a process of its own; it says `{ port }` when it listens. */
export async function startServer(file, args = []) {
  const child = fork(file, args)
  const [{ port }] = await once(child, 'message')
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    /** CPU time of the process so far, of a server that tells. */
    async cpuMicros() {
      child.send('cpu')
      const [{ cpuMicros }] = await once(child, 'message')
      return cpuMicros
    },
    close: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

export const startResponder = () => startServer(new URL('responder.mjs', import.meta.url))
