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
