import { signedHeaders } from '../lib/client.mjs'
import { body } from '../lib/event.mjs'

export const payload = body(1_024)

let count = 0

/** A message id per request, as each delivery has its own. */
export function nextId() {
  count += 1
  return `evt_${count}`
}

/** The headers of a message of its own, signed by hand. */
export const signedByHand = () => signedHeaders(nextId(), payload)
