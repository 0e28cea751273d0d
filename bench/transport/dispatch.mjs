import { createClient, plain } from '../lib/client.mjs'
import { payload, signedByHand } from './request.mjs'

/** The limit: undici's `dispatch` with a handler that keeps the status and nothing else. */
export function open({ origin, lanes, signed }) {
  const { send, close } = createClient(origin, lanes)
  const headersOf = signed ? signedByHand : () => plain
  return { send: () => send(headersOf(), payload), close }
}
