import { createHmac, createSecretKey } from 'node:crypto'
import { Pool } from 'undici'
import { key } from '../../lib/event.mjs'

const hmacKey = createSecretKey(key)

/** Signs by hand and sends by undici's `dispatch`; resolves to the status. What every stack by hand delivers with. */
export function createClient(origin, connections) {
  const pool = new Pool(origin, { connections, pipelining: 1 })
  return {
    post: (id, body) =>
      new Promise((resolve, reject) => {
        pool.dispatch(
          { path: '/', method: 'POST', headers: headersOf(id, body), body },
          handler(resolve, reject),
        )
      }),
    close: () => pool.destroy(),
  }
}

function headersOf(id, body) {
  const timestamp = Math.floor(Date.now() / 1_000)
  const hmac = createHmac('sha256', hmacKey).update(`${id}.${timestamp}.`).update(body)
  const headers = ['content-type', 'application/json', 'user-agent', 'bench/1', 'webhook-id', id]
  headers.push(
    'webhook-timestamp',
    String(timestamp),
    'webhook-signature',
    `v1,${hmac.digest('base64')}`,
  )
  return headers
}

function handler(resolve, reject) {
  let status = 0
  return {
    onRequestStart() {},
    onResponseStart: (_controller, code) => {
      status = code
    },
    onResponseData() {},
    onResponseEnd: () => resolve(status),
    onResponseError: (_controller, error) => reject(error),
  }
}
