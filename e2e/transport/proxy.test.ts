import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { NetworkOptions } from '../../packages/sender/src/lib/network/index'
import type { Transport } from '../../packages/sender/src/lib/ports/transport'
import { certificateOf } from '../lib/certificates'
import { attempt, openTransport, timed, until, watchUncaught } from './harness'
import {
  answer,
  onRequest,
  type RawServer,
  rawServer,
  type Serve,
  testAuthority,
  tlsFor,
} from './raw-server'

const uncaught = watchUncaught()
const publicAddress = '93.184.216.34'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const opened: RawServer[] = []
const transports: Transport[] = []

afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close()
  for (const server of opened.splice(0)) {
    expect(await until(() => server.open() === 0)).toBe(true)
    await server.close()
  }
})
afterAll(() => {
  uncaught.stop()
  expect(uncaught.seen).toEqual([])
})

async function listen(serve: Serve, tls?: Parameters<typeof rawServer>[1]): Promise<RawServer> {
  const server = await rawServer(serve, tls)
  opened.push(server)
  return server
}

function open(network: NetworkOptions, tls = { ca: testAuthority() }): Transport {
  const transport = openTransport(network, { tls })
  transports.push(transport)
  return transport
}

/** Connects everyone to one port of this machine, whatever they ask for; `refuse` says which it does not. */
async function proxyTo(
  port: () => number,
  {
    tls,
    refuse = () => false,
  }: { tls?: Parameters<typeof rawServer>[1]; refuse?: (line: string) => boolean } = {},
) {
  const heads: string[] = []
  const server = await listen((socket) => {
    socket.once('data', (bytes) => {
      const head = bytes.toString('latin1')
      heads.push(head)
      if (refuse(head)) socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno\n')
      else splice(socket, port())
    })
  }, tls)
  return { port: server.port, heads, server }
}

function splice(socket: Socket, port: number): void {
  const onward = connect({ host: '127.0.0.1', port })
  onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
  socket.on('close', () => onward.destroy())
  onward.once('connect', () => {
    socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n')
    socket.pipe(onward).pipe(socket)
  })
}

/** The lines of a CONNECT. */
const lines = (head: string | undefined) => (head ?? '').trimEnd().split('\r\n')

describe('through a proxy', () => {
  it('TLS goes to the address that was judged, under the name that was meant', async () => {
    const names: unknown[] = []
    const target = await listen((socket, connection) => {
      names.push((socket as TLSSocket & { servername?: unknown }).servername)
      answer(ok)(socket, connection)
    }, tlsFor('good'))
    const proxy = await proxyTo(() => target.port)
    const transport = open({
      development: true,
      proxy: `http://127.0.0.1:${proxy.port}`,
      lookup: async () => ['127.0.0.1'],
    })
    for (let turn = 0; turn < 3; turn++)
      expect(await transport.send(attempt(`https://localhost:${target.port}/`))).toMatchObject({
        status: 200,
      })
    expect(proxy.heads.map(lines)).toEqual([
      [`CONNECT 127.0.0.1:${target.port} HTTP/1.1`, `host: 127.0.0.1:${target.port}`],
    ])
    expect(names).toEqual(['localhost'])
  })

  it('a certificate is still the endpoint’s to show', async () => {
    const target = await listen(answer(ok), tlsFor('self-signed'))
    const proxy = await proxyTo(() => target.port)
    const transport = open({
      development: true,
      proxy: `http://127.0.0.1:${proxy.port}`,
      lookup: async () => ['127.0.0.1'],
    })
    expect(await transport.send(attempt(`https://localhost:${target.port}/`))).toMatchObject({
      errorClass: 'tls',
    })
  })

  it('http goes through a tunnel too: the proxy is told neither path nor headers', async () => {
    const seen: string[] = []
    const target = await listen((socket) =>
      onRequest(socket, (head) => {
        seen.push(head)
        socket.write(ok)
      }),
    )
    const proxy = await proxyTo(() => target.port)
    const url = `http://user%40corp:CANARY@127.0.0.1:${proxy.port}`
    const transport = open({
      allowHttp: true,
      proxy: { url, headers: { 'x-role': 'hooks' } },
      lookup: async () => [publicAddress],
    })
    expect(await transport.send(attempt('http://hooks.example.com/path?a=1'))).toMatchObject({
      status: 200,
    })
    const basic = Buffer.from('user@corp:CANARY').toString('base64')
    expect(lines(proxy.heads[0])).toEqual([
      `CONNECT ${publicAddress}:80 HTTP/1.1`,
      `host: ${publicAddress}:80`,
      'x-role: hooks',
      `proxy-authorization: Basic ${basic}`,
    ])
    expect(lines(seen[0])).toEqual(
      expect.arrayContaining(['POST /path?a=1 HTTP/1.1', 'host: hooks.example.com']),
    )
    expect(seen[0]).not.toMatch(/proxy-|x-role|CANARY/i)
  })

  it('over TLS, with an authority of its own', async () => {
    const target = await listen(answer(ok), tlsFor('good'))
    const proxy = await proxyTo(() => target.port, { tls: tlsFor('other') })
    const url = `https://localhost:${proxy.port}`
    const network = { development: true, lookup: async () => ['127.0.0.1'] }
    const ca = certificateOf('other-ca')
    const trusted = open({ ...network, proxy: { url, ca } })
    for (let turn = 0; turn < 2; turn++)
      expect(await trusted.send(attempt(`https://localhost:${target.port}/`))).toMatchObject({
        status: 200,
      })
    expect(proxy.heads).toHaveLength(1)
    const strange = open({ ...network, proxy: url })
    expect(await strange.send(attempt(`https://localhost:${target.port}/`))).toMatchObject({
      errorClass: 'network',
      code: 'proxy_unreachable',
      blame: 'sender',
    })
  })

  it.each([
    'http://169.254.169.254/',
    'http://127.0.0.1/',
    'http://[::ffff:10.0.0.1]/',
    'http://private.example.com/',
    'http://both.example.com/',
    'http://printer.local/',
    'http://metadata.google.internal/',
  ])('%s is refused here, and the proxy not asked', async (url) => {
    const proxy = await proxyTo(() => 1)
    const answers: Readonly<Record<string, readonly string[]>> = {
      'private.example.com': ['10.0.0.1'],
      'both.example.com': [publicAddress, '10.0.0.1'],
    }
    const lookup = async (name: string) => answers[name] ?? [publicAddress]
    const transport = open({ allowHttp: true, proxy: `http://127.0.0.1:${proxy.port}`, lookup })
    expect(await transport.send(attempt(url))).toMatchObject({ errorClass: 'forbidden_address' })
    expect(proxy.heads).toEqual([])
  })

  it('rebinding: 200 deliveries on alternating answers ask for no forbidden address', async () => {
    const target = await listen(
      answer('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
    )
    const proxy = await proxyTo(() => target.port)
    let turn = 0
    const lookup = async () => [turn++ % 2 === 0 ? publicAddress : '10.0.0.1']
    const transport = open({ allowHttp: true, proxy: `http://127.0.0.1:${proxy.port}`, lookup })
    const kinds: string[] = []
    for (let each = 0; each < 200; each++)
      kinds.push((await transport.send(attempt('http://rebind.example/'))).kind)
    expect(kinds.filter((kind) => kind === 'response')).toHaveLength(100)
    expect(new Set(proxy.heads.map((head) => lines(head)[0]))).toEqual(
      new Set([`CONNECT ${publicAddress}:80 HTTP/1.1`]),
    )
  })

  it('several addresses are asked for in turn, IPv4 first', async () => {
    const target = await listen(answer(ok))
    const proxy = await proxyTo(() => target.port, {
      refuse: (head) => !head.startsWith('CONNECT ['),
    })
    const lookup = async () => ['2606:4700::1111', publicAddress]
    const transport = open({ allowHttp: true, proxy: `http://127.0.0.1:${proxy.port}`, lookup })
    expect(await transport.send(attempt('http://dual.example/'))).toMatchObject({ status: 200 })
    expect(proxy.heads.map((head) => lines(head)[0])).toEqual([
      `CONNECT ${publicAddress}:80 HTTP/1.1`,
      'CONNECT [2606:4700::1111]:80 HTTP/1.1',
    ])
  })
})

describe('a proxy that resolves names itself', () => {
  it('is asked for the name; literals and private names are refused here all the same', async () => {
    const target = await listen(answer(ok))
    const proxy = await proxyTo(() => target.port)
    const asked: string[] = []
    const transport = open({
      allowHttp: true,
      proxy: { url: `http://127.0.0.1:${proxy.port}`, resolve: 'proxy' },
      lookup: async (name) => {
        asked.push(name)
        return ['10.0.0.1']
      },
    })
    expect(await transport.send(attempt('http://hooks.example.com/'))).toMatchObject({
      status: 200,
    })
    expect(lines(proxy.heads[0])[0]).toBe('CONNECT hooks.example.com:80 HTTP/1.1')
    for (const url of ['http://10.0.0.1/', 'http://localhost/', 'http://a.internal/'])
      expect(await transport.send(attempt(url))).toMatchObject({ errorClass: 'forbidden_address' })
    expect(asked).toEqual([])
    expect(proxy.heads).toHaveLength(1)
  })
})

const status =
  (line: string, more = '') =>
  (socket: Socket) => {
    socket.once('data', () => socket.write(`HTTP/1.1 ${line}\r\n${more}\r\n`))
  }

const faults: readonly (readonly [string, Serve, string])[] = [
  [
    'wants another password (407)',
    status('407 Proxy Authentication Required'),
    'proxy_authentication',
  ],
  ['forbids (403)', status('403 Forbidden'), 'proxy_refused'],
  ['reaches nobody (502)', status('502 Bad Gateway'), 'proxy_refused'],
  ['is overloaded (503)', status('503 Service Unavailable', 'Retry-After: 5\r\n'), 'proxy_refused'],
  ['waited too long (504)', status('504 Gateway Timeout'), 'proxy_refused'],
  [
    'redirects (302)',
    status('302 Found', 'Location: http://169.254.169.254/\r\n'),
    'proxy_refused',
  ],
  ['says 100 alone', status('100 Continue'), 'proxy_refused'],
  [
    'says 200 with an answer behind it',
    status('200 OK', '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n'),
    'proxy_malformed',
  ],
  [
    'writes headers without end',
    (socket) =>
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`)),
    'proxy_malformed',
  ],
  [
    'speaks something else',
    (socket) => socket.once('data', () => socket.write('SSH-2.0-x\r\n\r\n')),
    'proxy_malformed',
  ],
  ['closes at once', (socket) => socket.resume().end(), 'proxy_closed'],
  ['closes when asked', (socket) => socket.once('data', () => socket.end()), 'proxy_closed'],
  [
    'closes in the midst of its answer',
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 2')),
    'proxy_closed',
  ],
  ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy()), 'proxy_closed'],
]

describe('a proxy that', () => {
  it.each(faults)('%s is at fault itself', async (_what, serve, code) => {
    const proxy = await listen(serve)
    const transport = open({
      allowHttp: true,
      proxy: `http://u:CANARY@127.0.0.1:${proxy.port}`,
      lookup: async () => [publicAddress],
    })
    for (const url of ['http://a.example/', 'https://a.example/']) {
      const { outcome, tookMs } = await timed(transport, attempt(url))
      expect(outcome).toMatchObject({ kind: 'error', errorClass: 'network', code, blame: 'sender' })
      expect(tookMs).toBeLessThan(2_000)
      expect(JSON.stringify(outcome)).not.toMatch(/CANARY|127\.0\.0\.1/)
    }
  })

  it('is not there is at fault itself', async () => {
    const gone = await rawServer(() => {})
    await gone.close()
    const transport = open({
      allowHttp: true,
      proxy: `http://127.0.0.1:${gone.port}`,
      lookup: async () => [publicAddress],
    })
    expect(await transport.send(attempt('http://a.example/'))).toMatchObject({
      errorClass: 'network',
      code: 'proxy_unreachable',
      message: expect.not.stringContaining('127.0.0.1'),
      blame: 'sender',
    })
  })

  it('never answers ends with the deadline, as its own fault', async () => {
    const proxy = await listen((socket) => socket.resume())
    const transport = open({
      allowHttp: true,
      proxy: `http://127.0.0.1:${proxy.port}`,
      lookup: async () => [publicAddress],
    })
    const { outcome, tookMs } = await timed(
      transport,
      attempt('http://a.example/', { timeoutMs: 200 }),
    )
    expect(outcome).toMatchObject({ errorClass: 'timeout', code: 'proxy_timeout', blame: 'sender' })
    expect(tookMs).toBeLessThan(800)
  })

  it('fails for a private target says no more than a refusal does', async () => {
    const proxy = await proxyTo(() => 1, { refuse: () => true })
    const transport = open({
      allowHttp: true,
      allowAddresses: ['10.0.0.0/8'],
      proxy: `http://127.0.0.1:${proxy.port}`,
    })
    const [refused, blocked] = [
      await transport.send(attempt('http://10.0.0.5/')),
      await transport.send(attempt('http://192.168.0.5/')),
    ]
    expect(refused).toMatchObject({ code: 'unreachable', blame: 'sender' })
    expect(blocked).toMatchObject({
      code: 'unreachable',
      message: refused.kind === 'error' && refused.message,
    })
  })

  it('closes a tunnel between two requests costs no attempt', async () => {
    const target = await listen((socket) =>
      onRequest(socket, (_head, _body, number) => {
        if (number === 0) socket.write(ok)
        else socket.destroy()
      }),
    )
    const proxy = await proxyTo(() => target.port)
    const transport = open({
      allowHttp: true,
      proxy: `http://127.0.0.1:${proxy.port}`,
      lookup: async () => [publicAddress],
    })
    for (let turn = 0; turn < 10; turn++)
      expect(await transport.send(attempt('http://a.example/'))).toMatchObject({ status: 200 })
  })

  it.each(['http', 'https'])(
    'is reached by %s: half an answer is not taken for none',
    async (scheme) => {
      const seen: number[] = []
      const target = await listen(
        (socket) =>
          onRequest(socket, (_head, _body, number) => {
            seen.push(number)
            if (number === 0) socket.write(ok)
            else socket.end('HTTP/1.1 20')
          }),
        tlsFor('good'),
      )
      const tls = scheme === 'https' ? { tls: tlsFor('good') } : {}
      const proxy = await proxyTo(() => target.port, tls)
      const transport = open({
        development: true,
        proxy: { url: `${scheme}://localhost:${proxy.port}`, ca: testAuthority() },
        lookup: async () => ['127.0.0.1'],
      })
      const send = () => transport.send(attempt(`https://localhost:${target.port}/`))
      expect(await send()).toMatchObject({ status: 200 })
      expect(await send()).toMatchObject({
        kind: 'error',
        errorClass: expect.stringMatching(/^(network|protocol)$/),
      })
      expect(seen).toEqual([0, 1])
    },
  )
})
