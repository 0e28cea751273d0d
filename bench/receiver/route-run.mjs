import { createClient } from '../lib/client.mjs'
import { body } from '../lib/event.mjs'
import { load } from '../lib/load.mjs'
import { startServer } from '../lib/server.mjs'

const lanes = 50
const payload = body(1_024)

/** Requests per second of one route, and what each costs the server in CPU time: a client that is slower cannot hide that. */
export async function run({ route, ms, ...settings }) {
  const module = new URL(`routes/${route}.mjs`, import.meta.url).href
  const server = await startServer(new URL('routes/server.mjs', import.meta.url), [
    module,
    JSON.stringify(settings),
  ])
  const client = createClient(server.origin, lanes)
  try {
    const warmUp = { lanes, ms: 0, warmUpMs: ms / 2, warmUpCalls: 5_000 }
    await load(() => postNew(client), warmUp)
    let requests = 0
    const counted = async () => {
      await postNew(client)
      requests += 1
    }
    const before = await server.cpuMicros()
    const { perSecond } = await load(counted, { lanes, ms, warmUpMs: 0 })
    return { perSecond, serverMicros: ((await server.cpuMicros()) - before) / requests }
  } finally {
    await client.close()
    await server.close()
  }
}

let count = 0

/** Every message has an id of its own, or the receiver's memory would answer. */
async function postNew(client) {
  count += 1
  const status = await client.post(`evt_${count}`, payload)
  if (status !== 200) throw new Error(`answered with ${status}`)
}
