import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AttemptTls, Transport } from '../../packages/sender/src/lib/ports/transport'
import { certificateOf, keyOf } from '../lib/certificates'
import { attempt, openTransport, until, watchUncaught } from './harness'
import { onRequest, type RawServer, rawServer, testAuthority, tlsFor } from './raw-server'

const uncaught = watchUncaught()
const opened: RawServer[] = []
let transport: Transport

const client = (name: 'client-1' | 'client-2'): AttemptTls => ({
  ca: testAuthority(),
  certificate: certificateOf(name),
  key: keyOf(name),
})

async function listen(certificate: 'good' | 'other', mutual: boolean): Promise<RawServer> {
  const demands = { requestCert: true, rejectUnauthorized: true, ca: certificateOf('client-ca') }
  const server = await rawServer(
    (socket, connection) => {
      const peer = (socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'
      onRequest(socket, () => {
        const body = `${connection} ${peer}`
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      })
    },
    tlsFor(certificate, mutual ? demands : {}),
  )
  opened.push(server)
  return server
}

async function deliver(server: RawServer, tls?: AttemptTls) {
  const outcome = await transport.send(
    attempt(`https://localhost:${server.port}/`, tls === undefined ? {} : { tls }),
  )
  if (outcome.kind === 'error') return { errorClass: outcome.errorClass, code: outcome.code }
  return Buffer.from(outcome.body).toString()
}

beforeEach(() => {
  transport = openTransport({ development: true, lookup: async () => ['127.0.0.1'] })
})
afterEach(async () => {
  await transport.close()
  for (const server of opened.splice(0)) {
    expect(await until(() => server.open() === 0)).toBe(true)
    await server.close()
  }
})
afterAll(() => {
  uncaught.stop()
  expect(uncaught.seen).toEqual([])
})

describe('an authority of its own', () => {
  it('is trusted for its endpoint, and for no other', async () => {
    const server = await listen('good', false)
    expect(await deliver(server, { ca: testAuthority() })).toBe('0 nobody')
    expect(await deliver(server)).toMatchObject({ errorClass: 'tls' })
    expect(await deliver(server, { ca: certificateOf('other-ca') })).toMatchObject({
      errorClass: 'tls',
    })
  })

  it('replaces those that are trusted otherwise', async () => {
    await transport.close()
    transport = openTransport({ development: true }, { tls: { ca: testAuthority() } })
    const server = await listen('good', false)
    expect(await deliver(server)).toBe('0 nobody')
    expect(await deliver(server, { ca: certificateOf('other-ca') })).toMatchObject({
      errorClass: 'tls',
    })
  })

  it('may be one of several', async () => {
    const bundle = { ca: `${certificateOf('other-ca')}\n${testAuthority()}` }
    expect(await deliver(await listen('good', false), bundle)).toBe('0 nobody')
    expect(await deliver(await listen('other', false), bundle)).toBe('0 nobody')
  })
})

describe('a client certificate', () => {
  it('is shown to an endpoint that demands one', async () => {
    const server = await listen('good', true)
    expect(await deliver(server, client('client-1'))).toBe('0 client-1')
  })

  it('that is missing is a tls failure, though its alert comes after the handshake', async () => {
    const server = await listen('good', true)
    for (let turn = 0; turn < 10; turn++) {
      expect(await deliver(server, { ca: testAuthority() })).toEqual({
        errorClass: 'tls',
        code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      })
    }
  })

  it('that the server turns away without an alert is a broken connection', async () => {
    const stranger = {
      ca: testAuthority(),
      certificate: certificateOf('other'),
      key: keyOf('other'),
    }
    const server = await listen('good', true)
    expect(await deliver(server, stranger)).toMatchObject({ errorClass: 'network' })
  })

  it('whose key is another’s is a mistake of configuration', async () => {
    const server = await listen('good', true)
    const mixed = { ...client('client-1'), key: keyOf('client-2') }
    expect(await deliver(server, mixed)).toEqual({ errorClass: 'config', code: 'invalid_tls' })
    expect(await deliver(server, { ca: 'no PEM', ...mixed })).toMatchObject({
      errorClass: 'config',
    })
    expect(server.accepted()).toBe(0)
  })
})

describe('connections', () => {
  it('are shared by those who show the same certificate, and by nobody else', async () => {
    const server = await listen('good', true)
    const order = ['client-1', 'client-2', 'client-1', 'client-2', 'client-1'] as const
    const answers: unknown[] = []
    for (const name of order) answers.push(await deliver(server, client(name)))
    expect(answers).toEqual(['0 client-1', '1 client-2', '0 client-1', '1 client-2', '0 client-1'])
  })

  it('resume no session of another identity', async () => {
    const server = await listen('good', true)
    const both = () =>
      Promise.all([deliver(server, client('client-1')), deliver(server, client('client-2'))])
    for (let turn = 0; turn < 3; turn++) {
      expect((await both()).map((text) => String(text).split(' ')[1])).toEqual([
        'client-1',
        'client-2',
      ])
    }
  })

  it('over http leave TLS settings aside', async () => {
    const server = await rawServer((socket) =>
      onRequest(socket, () => socket.write('HTTP/1.1 204 No Content\r\n\r\n')),
    )
    opened.push(server)
    const request = attempt(`http://localhost:${server.port}/`, { tls: { ca: 'no PEM' } })
    expect(await transport.send(request)).toMatchObject({ status: 204 })
  })
})
