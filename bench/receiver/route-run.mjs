import { createHmac, createSecretKey } from 'node:crypto'
import { Pool } from 'undici'
import { body, key } from '../lib/event.mjs'
import { load } from '../lib/load.mjs'
import { startServer } from '../lib/server.mjs'

const lanes = 50
const payload = body(1_024)
const hmacKey = createSecretKey(key)

/** Requests per second of one route, and what each costs the server in CPU time: a client that is slower cannot hide that. */
export async function run({ route, ms, ...settings }) {
  const module = new URL(`routes/${route}.mjs`, import.meta.url).href
  const server = await startServer(new URL('routes/server.mjs', import.meta.url), [
    module,
    JSON.stringify(settings),
  ])
  const pool = new Pool(server.origin, { connections: lanes, pipelining: 1 })
  try {
    await load(() => post(pool), { lanes, ms: 0, warmUpMs: ms / 2, warmUpCalls: 5_000 })
    let requests = 0
    const counted = async () => {
      await post(pool)
      requests += 1
    }
    const before = await server.cpuMicros()
    const { perSecond } = await load(counted, { lanes, ms, warmUpMs: 0 })
    return { perSecond, serverMicros: ((await server.cpuMicros()) - before) / requests }
  } finally {
    await pool.destroy()
    await server.close()
  }
}

let count = 0

/** Every message has an id of its own, or the receiver's memory would answer. */
function post(pool) {
  count += 1
  const id = `evt_${count}`
  const timestamp = Math.floor(Date.now() / 1_000)
  const hmac = createHmac('sha256', hmacKey).update(`${id}.${timestamp}.`).update(payload)
  const headers = ['content-type', 'application/json', 'user-agent', 'bench/1', 'webhook-id', id]
  headers.push(
    'webhook-timestamp',
    String(timestamp),
    'webhook-signature',
    `v1,${hmac.digest('base64')}`,
  )
  return new Promise((resolve, reject) => {
    pool.dispatch({ path: '/', method: 'POST', headers, body: payload }, handler(resolve, reject))
  })
}

function handler(resolve, reject) {
  let status = 0
  return {
    onRequestStart() {},
    onResponseStart: (_controller, code) => {
      status = code
    },
    onResponseData() {},
    onResponseEnd: () =>
      status === 200 ? resolve() : reject(new Error(`answered with ${status}`)),
    onResponseError: (_controller, error) => reject(error),
  }
}
