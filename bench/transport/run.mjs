import { load } from '../lib/load.mjs'
import { startResponder } from '../lib/server.mjs'

const lanes = 50

/** Requests per second of one client against a responder in another process. */
export async function run({ client, ms, ...settings }) {
  const server = await startResponder()
  const { open } = await import(new URL(client, import.meta.url))
  const { send, close } = await open({ ...settings, origin: server.origin, lanes })
  const work = async () => {
    const status = await send()
    if (status !== 204) throw new Error(`answered with ${status}`)
  }
  try {
    return await load(work, { lanes, ms, warmUpCalls: 5_000 })
  } finally {
    await close()
    await server.close()
  }
}
