import { createHmac, createSecretKey } from 'node:crypto'
import { body, key } from '../lib/event.mjs'

export const payload = body(1_024)
export const plain = ['content-type', 'application/json', 'user-agent', 'bench/1']

const hmacKey = createSecretKey(key)
let count = 0

/** A message id per request, as each delivery has its own. */
export function nextId() {
  count += 1
  return `evt_${count}`
}

/** Signed by hand as Standard Webhooks asks, names and values in turn: the least that any sender does. */
export function signedByHand() {
  const id = nextId()
  const timestamp = Math.floor(Date.now() / 1_000)
  const hmac = createHmac('sha256', hmacKey).update(`${id}.${timestamp}.`).update(payload)
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
