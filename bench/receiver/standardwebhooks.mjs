import { Webhook } from 'standardwebhooks'
import { secret } from '../lib/event.mjs'

export function open() {
  const webhook = new Webhook(secret)
  return ({ headers, body }) => webhook.verify(body, headers)
}
