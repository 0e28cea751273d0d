import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import type { Transport } from '../../packages/sender/src/lib/ports/transport'
import { attempt, openTransport, timed, until, watchUncaught } from './harness'
import {
  answer,
  type Certificate,
  onRequest,
  type RawServer,
  rawServer,
  type Serve,
  testAuthority,
  tlsFor,
} from './raw-server'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const uncaught = watchUncaught()
const opened: RawServer[] = []
let transport: Transport

const trusting = () =>
  openTransport(
    { development: true, lookup: async () => ['127.0.0.1'] },
    { tls: { ca: testAuthority() } },
  )

async function listen(serve: Serve, tls?: Parameters<typeof rawServer>[1]): Promise<RawServer> {
  const server = await rawServer(serve, tls)
  opened.push(server)
  return server
}

async function deliver(scheme: string, server: RawServer, host = 'localhost') {
  return transport.send(attempt(`${scheme}://${host}:${server.port}/`))
}

afterEach(async () => {
  await transport.close()
  for (const server of opened.splice(0)) {
    expect(await until(() => server.open() === 0)).toBe(true)
    await server.close()
  }
  vi.unstubAllEnvs()
})
afterAll(() => {
  uncaught.stop()
  expect(uncaught.seen).toEqual([])
})

describe('certificates', () => {
  it.each<[string, Certificate, string]>([
    ['E1', 'self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['E2', 'wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['E3', 'expired', 'CERT_HAS_EXPIRED'],
  ])('%s %s is a tls failure of its own', async (_id, certificate, code) => {
    transport = trusting()
    const server = await listen(answer(ok), tlsFor(certificate))
    const outcome = await deliver('https', server)
    expect(outcome).toMatchObject({ kind: 'error', errorClass: 'tls', code })
    expect(outcome).toHaveProperty(
      'message',
      expect.stringMatching(/^The endpoint’s TLS certificate/),
    )
  })

  it('E8 is trusted with its authority, and not without', async () => {
    const server = await listen(answer(ok), tlsFor('good'))
    transport = openTransport({ development: true })
    expect(await deliver('https', server)).toMatchObject({
      errorClass: 'tls',
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    })
    await transport.close()
    transport = trusting()
    expect(await deliver('https', server)).toMatchObject({ status: 200 })
  })

  it('cannot be waved through by the environment', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    transport = trusting()
    const server = await listen(answer(ok), tlsFor('self-signed'))
    expect(await deliver('https', server)).toMatchObject({ errorClass: 'tls' })
  })

  it('are checked against an address when the URL has one, and against a name without its dot', async () => {
    transport = trusting()
    const names: (string | false | null | undefined)[] = []
    const server = await listen((socket, connection) => {
      const { servername } = socket as TLSSocket & { servername?: string | false }
      names.push(servername)
      answer('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')(
        socket,
        connection,
      )
    }, tlsFor('good'))
    for (const host of ['localhost', 'localhost.', '127.0.0.1']) {
      expect(await deliver('https', server, host)).toMatchObject({ status: 200 })
    }
    expect(names).toEqual(['localhost', 'localhost', false])
  })
})

describe('handshakes', () => {
  it('E4 TLS 1.1 alone is not spoken', async () => {
    transport = trusting()
    const old = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const
    const server = await listen(answer(ok), tlsFor('good', old))
    expect(await deliver('https', server)).toMatchObject({ errorClass: 'tls' })
  })

  it('E5 https to a plain port', async () => {
    transport = trusting()
    const server = await listen((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    })
    expect(await deliver('https', server)).toMatchObject({ errorClass: 'tls' })
  })

  it('E6 http to a TLS port', async () => {
    transport = trusting()
    const server = await listen(answer(ok), tlsFor('good'))
    expect(await deliver('http', server)).toMatchObject({ kind: 'error', errorClass: 'network' })
  })

  it('E7 reset while it is under way', async () => {
    transport = trusting()
    const server = await listen((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    expect(await deliver('https', server)).toMatchObject({
      errorClass: 'network',
      code: 'ECONNRESET',
    })
  })

  it('closed while it is under way', async () => {
    transport = trusting()
    const server = await listen((socket) => {
      socket.once('data', () => socket.end())
    })
    expect(await deliver('https', server)).toMatchObject({
      errorClass: 'network',
      code: 'ECONNRESET',
    })
  })

  it('A7 never answered', async () => {
    transport = trusting()
    const server = await listen((socket) => {
      socket.on('data', () => {})
    })
    const request = attempt(`https://localhost:${server.port}/`, { timeoutMs: 300 })
    const { outcome, tookMs } = await timed(transport, request)
    expect(outcome).toMatchObject({ errorClass: 'timeout', code: 'deadline' })
    expect(tookMs).toBeLessThan(300 + 600)
  })
})

describe('sockets under TLS', () => {
  it('are kept alive, and their sessions resumed', async () => {
    transport = trusting()
    const resumed: boolean[] = []
    const server = await listen((socket, connection) => {
      resumed.push((socket as TLSSocket).isSessionReused())
      const close = connection === 0 ? 'Connection: keep-alive' : 'Connection: close'
      answer(`HTTP/1.1 200 OK\r\n${close}\r\nContent-Length: 0\r\n\r\n`)(socket, connection)
    }, tlsFor('good'))
    for (let turn = 0; turn < 2; turn++)
      expect(await deliver('https', server)).toMatchObject({ status: 200 })
    expect(resumed).toEqual([false])
    const both = await Promise.all([deliver('https', server), deliver('https', server)])
    expect(both).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(resumed).toEqual([false, true])
  })

  it.each(['reset', 'closed'])(
    'are replaced when they were %s just as they were used',
    async (how) => {
      transport = trusting()
      const server = await listen((socket) => {
        onRequest(socket, (_head, _body, number) => {
          if (number === 0) socket.write(ok)
          else if (how === 'closed') socket.end()
          else socket.destroy()
        })
      }, tlsFor('good'))
      for (let turn = 0; turn < 20; turn++) {
        const outcome = await deliver('https', server)
        expect(outcome).toMatchObject({ status: 200 })
        expect(outcome.freshSocket).toBe(turn > 0 ? true : undefined)
      }
    },
  )
})
