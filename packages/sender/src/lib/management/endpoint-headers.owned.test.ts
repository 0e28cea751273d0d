import { schemes } from '@posthorn/schema/signature'
import { expect, it } from 'vitest'
import { resolveNetworkPolicy, undiciTransport } from '../network/index'
import { checkHeaders } from './endpoint-headers'

const known = new Map([[schemes.standard.name, schemes.standard]])
const transport = undiciTransport({ policy: resolveNetworkPolicy() })

it.each([
  ...['host', 'content-length', 'accept-encoding', 'connection', 'keep-alive'],
  ...['proxy-connection', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect'],
])('%s, which the transport would refuse with each attempt, is refused at once', async (name) => {
  expect(() => checkHeaders({ [name]: 'x' }, known)).toThrow(name)
  const request = { url: 'https://receiver.example/', headers: { [name]: 'x' } }
  const sizes = { body: new Uint8Array(), timeoutMs: 1, captureBytes: 0 }
  expect(await transport.send({ ...request, ...sizes })).toMatchObject({
    errorClass: 'config',
    code: 'invalid_request',
  })
})

it.each([
  ...['webhook-signature', 'Svix-Signature', 'svix-id', 'Stripe-Signature', 'X-Hub-Signature'],
  ...['X-Hub-Signature-256', 'X-Slack-Signature', 'X-Shopify-Hmac-Sha256', 'x-b3os-signature'],
  ...['X-AetherFlow-Signature', 'X-Honeyframe-Signature', 'signature', 'Signature-Input'],
])('%s, in which a scheme signs, is refused whether or not the sender has that scheme', (name) => {
  expect(() => checkHeaders({ [name]: 'x' }, known)).toThrow(name.toLowerCase())
})

it('a header that only sounds like one is the owner’s', () => {
  const headers = { 'x-signatures-wanted': 'no', 'x-hmackerel': '1', 'x-signed-by': 'me' }
  expect(checkHeaders(headers, known).headers).toEqual(headers)
})
