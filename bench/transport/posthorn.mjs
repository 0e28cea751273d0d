import { schemes, signHeaders } from '@posthorn/schema/signature'
import { secret } from '../lib/event.mjs'
import { nextId, payload } from './request.mjs'

const unsigned = { 'content-type': 'application/json', 'user-agent': 'bench/1' }

/** Written as the worker's `buildRequest` does. */
async function signed() {
  const message = { id: nextId(), timestamp: Math.floor(Date.now() / 1_000), body: payload }
  const headers = { ...unsigned }
  return Object.assign(headers, await signHeaders(schemes.standard, message, [secret]))
}

/** The sender's transport with everything on: guard, deadline, bounded body, classes; signed as the worker does it. */
export async function open({ origin, bundle, sign }) {
  const { resolveNetworkPolicy, undiciTransport } = await import(bundle)
  const policy = resolveNetworkPolicy({ development: true, ports: 'any' })
  const transport = undiciTransport({ policy })
  const headersOf = sign ? signed : () => unsigned
  const url = `${origin}/`
  return {
    async send() {
      const headers = await headersOf()
      const request = { url, headers, body: payload, timeoutMs: 15_000, captureBytes: 16_384 }
      const outcome = await transport.send(request)
      return outcome.kind === 'response' ? outcome.status : outcome.code
    },
    close: () => transport.close(),
  }
}
