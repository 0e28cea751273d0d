import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { key } from '../../lib/event.mjs'

const hmacKey = createSecretKey(key)

/** What a careful handler does itself: HMAC in constant time, the timestamp, JSON. Answers the status. */
export function verifyByHand(headers, body) {
  const timestamp = headers['webhook-timestamp']
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) return 400
  const digest = createHmac('sha256', hmacKey)
    .update(`${headers['webhook-id']}.${timestamp}.`)
    .update(body)
    .digest()
  const given = Buffer.from(headers['webhook-signature'].slice(3), 'base64')
  if (given.length !== digest.length || !timingSafeEqual(given, digest)) return 401
  return JSON.parse(body).type === 'run.completed' ? 200 : 204
}
