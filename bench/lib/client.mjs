import { createHmac, createSecretKey } from 'node:crypto'
import { Pool } from 'undici'
import { key } from './event.mjs'

const hmacKey = createSecretKey(key)

/** What every request carries, names and values in turn. */
export const plain = ['content-type', 'application/json', 'user-agent', 'bench/1']

/** Signed by hand as Standard Webhooks asks: the least that any sender does. */
export function signedHeaders(id, body) {
  const timestamp = Math.floor(Date.now() / 1_000)
  const hmac = createHmac('sha256', hmacKey).update(`${id}.${timestamp}.`).update(body)
  return [
    ...plain,
    'webhook-id',
    id,
    'webhook-timestamp',
    String(timestamp),
    'webhook-signature',
    `v1,${hmac.digest('base64')}`,
  ]
}

/** undici's `dispatch` with a handler that keeps the status and nothing else: the limit, and what every stack by hand delivers with. */
export function createClient(origin, connections) {
  const pool = new Pool(origin, { connections, pipelining: 1 })
  const send = (headers, body) =>
    new Promise((resolve, reject) => {
      pool.dispatch({ path: '/', method: 'POST', headers, body }, new Answer(resolve, reject))
    })
  return {
    /** Resolves to the status. */
    send,
    /** The same, signed. */
    post: (id, body) => send(signedHeaders(id, body), body),
    close: () => pool.destroy(),
  }
}

class Answer {
  constructor(resolve, reject) {
    this.resolve = resolve
    this.reject = reject
    this.status = 0
  }

  onRequestStart() {}

  onResponseStart(_controller, status) {
    this.status = status
  }

  onResponseData() {}

  onResponseEnd() {
    this.resolve(this.status)
  }

  onResponseError(_controller, error) {
    this.reject(error)
  }
}
