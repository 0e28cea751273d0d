import { schemes } from '@posthorn/schema/signature'
import { secret } from '../lib/event.mjs'
import { nextId, payload } from './request.mjs'

const settings = { userAgent: 'bench/1', timeoutMs: 15_000, captureBytes: 16_384 }

/** What the worker builds a request from. */
const context = {
  ...settings,
  schemes: new Map([['standard', schemes.standard]]),
  defaultSchemes: ['standard'],
  verification: {},
}

/** The sender's transport with everything on: guard, deadline, bounded body, classes; requests as the worker builds and signs them. */
export async function open({ origin, bundle, worker, sign }) {
  const { resolveNetworkPolicy, undiciTransport } = await import(bundle)
  const { buildRequest } = await import(worker)
  const policy = resolveNetworkPolicy({ development: true, ports: 'any' })
  const transport = undiciTransport({ policy })
  const endpoint = { url: `${origin}/`, headers: {} }
  const signed = () => {
    const signing = { now: Date.now(), secrets: [secret] }
    return buildRequest(context, { endpoint, messageId: nextId() }, payload, signing)
  }
  const headers = { 'content-type': 'application/json', 'user-agent': settings.userAgent }
  const unsigned = { ...settings, url: endpoint.url, headers, body: payload }
  return {
    async send() {
      const outcome = await transport.send(sign ? signed() : unsigned)
      return outcome.kind === 'response' ? outcome.status : outcome.code
    },
    close: () => transport.close(),
  }
}
