import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { NetworkOptions } from '../../packages/sender/src/lib/network/index'
import { guardCases } from '../../packages/sender/src/lib/network/vectors/cases'
import type { AttemptOutcome, Transport } from '../../packages/sender/src/lib/ports/transport'
import { attempt, openTransport, watchUncaught } from './harness'
import { answer, onRequest, type RawServer, rawServer } from './raw-server'
import { dialNowhere, dialTo, type StubDial } from './stub-dial'

const uncaught = watchUncaught()
const closing = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const publicAddress = '93.184.216.34'
let server: RawServer
let stub: StubDial
let transport: Transport = openTransport()

beforeAll(async () => {
  server = await rawServer(answer(closing))
})
afterEach(async () => {
  await transport.close()
  vi.unstubAllEnvs()
})
afterAll(async () => {
  await server.close()
  uncaught.stop()
  expect(uncaught.seen).toEqual([])
})

function open(network: NetworkOptions = {}, how = dialTo(() => server.port)): void {
  stub = how
  transport = openTransport({ allowHttp: true, ...network }, { dial: stub.dial })
}

const send = (url: string) => transport.send(attempt(url))

/** What a tenant sees, the class apart. */
const shown = (outcome: AttemptOutcome) =>
  outcome.kind === 'error' ? { code: outcome.code, message: outcome.message } : outcome.status

/** Each scenario of the corpus; a name missing here fails the test below. */
const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  'lookup-hook-skipped-for-literals': async () => {
    open({ lookup: async () => [publicAddress] })
    expect(await send(`http://127.0.0.1:${server.port}/`)).toMatchObject({
      errorClass: 'forbidden_address',
    })
    expect(stub.dialled).toEqual([])
  },
  'env-proxy': async () => {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, `http://127.0.0.1:${server.port}`)
    }
    const before = server.accepted()
    open()
    expect(await send('http://169.254.169.254/')).toMatchObject({ errorClass: 'forbidden_address' })
    expect(server.accepted()).toBe(before)
  },
  'keepalive-reuse-after-rebind': async () => {
    const keeping = await rawServer(answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    const answers = [[publicAddress], ['127.0.0.1']]
    open(
      { lookup: async () => answers.shift() ?? [] },
      dialTo(() => keeping.port),
    )
    for (let turn = 0; turn < 3; turn++)
      expect(await send('http://ok.example/')).toMatchObject({ status: 200 })
    expect(stub.dialled).toEqual([publicAddress])
    expect(answers).toHaveLength(1)
    await transport.close()
    await keeping.close()
  },
  'header-crlf': async () => {
    open({ lookup: async () => [publicAddress] })
    const request = attempt('http://ok.example/', { headers: { 'x-a': 'b\r\nx-b: c' } })
    expect(await transport.send(request)).toMatchObject({ errorClass: 'config' })
    expect(stub.dialled).toEqual([])
  },
  'allowlist-cannot-open-metadata': async () => {
    open({ allowAddresses: ['169.254.0.0/16'] })
    expect(await send('http://169.254.169.254/')).toMatchObject({ errorClass: 'forbidden_address' })
    expect(stub.dialled).toEqual([])
    expect(await send('http://169.254.1.1/')).toMatchObject({ status: 200 })
  },
  'allowlist-mapped-form': async () => {
    open({ allowAddresses: ['127.0.0.1/32'] })
    expect(await send('http://[::ffff:127.0.0.1]/')).toMatchObject({ status: 200 })
  },
  'error-text-no-oracle': async () => {
    const closed = await rawServer(() => {})
    await closed.close()
    const url = `http://10.0.0.5:${closed.port}/`
    const inside = { allowAddresses: ['10.0.0.0/8'] }
    open()
    const blocked = await send(url)
    await transport.close()
    open(
      inside,
      dialTo(() => closed.port, '10.0.0.5'),
    )
    const refused = await send(url)
    await transport.close()
    open(inside, dialNowhere())
    const silent = await transport.send(attempt(url, { timeoutMs: 100 }))
    expect(shown(refused)).toEqual(shown(blocked))
    expect(shown(silent)).toEqual(shown(blocked))
    expect(JSON.stringify(shown(blocked))).not.toMatch(/10\.0\.0\.5|refused|forbidden/)
    expect([blocked, refused, silent].map((each) => each.kind === 'error' && each.detail)).toEqual([
      expect.stringContaining('10.0.0.0/8'),
      expect.stringContaining('ECONNREFUSED'),
      expect.stringContaining('no connection in time'),
    ])
  },
}

const redirects: Readonly<Record<string, readonly [number, string]>> = {
  'redirect-301-to-loopback': [301, 'http://127.0.0.1/'],
  'redirect-303-to-loopback': [303, 'http://127.0.0.1/'],
  'redirect-308-to-loopback': [308, 'http://127.0.0.1/'],
  'redirect-to-metadata-by-name': [302, 'http://metadata.google.internal/'],
  'redirect-chain-3-then-imds': [307, 'http://169.254.169.254/'],
}

describe('each scenario of the corpus', () => {
  const named = guardCases('scenario').map((each) => each.input)

  it('has its test', () => {
    expect([...named].sort()).toEqual([...Object.keys(scenarios), ...Object.keys(redirects)].sort())
  })

  it.each(Object.entries(scenarios))('%s', (_name, run) => run())

  it.each(Object.entries(redirects))('%s', async (_name, [status, location]) => {
    const heads: string[] = []
    const redirecting = await rawServer((socket) =>
      onRequest(socket, (head) => {
        heads.push(head)
        socket.write(
          `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
        )
      }),
    )
    open(
      { lookup: async () => [publicAddress] },
      dialTo(() => redirecting.port),
    )
    expect(await send('http://ok.example/')).toMatchObject({ status, headers: { location } })
    expect(heads).toHaveLength(1)
    expect(stub.dialled).toEqual([publicAddress])
    await transport.close()
    await redirecting.close()
  })
})
