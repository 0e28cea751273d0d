import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkAddress, type NetworkOptions } from '../../packages/sender/src/lib/network/index'
import type { Transport } from '../../packages/sender/src/lib/ports/transport'
import { attempt, openTransport, timed, watchUncaught } from './harness'
import { answer, type RawServer, rawServer, type Serve } from './raw-server'
import { dialTo, type StubDial } from './stub-dial'

const uncaught = watchUncaught()
const closing = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const publicAddress = '93.184.216.34'
let server: RawServer
let stub: StubDial
let transport: Transport

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
const forbidden = () => stub.dialled.filter((address) => !checkAddress(address).allowed)

describe('rebinding', () => {
  it('a hundred at once: not one forbidden dial', async () => {
    let turn = 0
    open({ lookup: async () => (turn++ % 2 === 0 ? [publicAddress] : ['10.0.0.1']) })
    const urls = Array.from({ length: 100 }, (_, each) => `http://h${each}.rebind.example/`)
    const outcomes = await Promise.all(urls.map(send))
    expect(outcomes.filter((outcome) => outcome.kind === 'response')).toHaveLength(50)
    expect(forbidden()).toEqual([])
  })

  it('the peer that answered must be one of the addresses that were checked', async () => {
    open(
      { lookup: async () => [publicAddress] },
      dialTo(() => server.port, '127.0.0.1'),
    )
    const before = server.accepted()
    expect(await send('http://rebind.example/')).toMatchObject({
      errorClass: 'forbidden_address',
      detail: expect.stringContaining('127.0.0.1'),
    })
    expect(server.accepted()).toBeLessThanOrEqual(before + 1)
  })

  it('several addresses are dialled as they were vetted', async () => {
    const both = [publicAddress, '2606:4700:4700::1111']
    open({ lookup: async () => both })
    expect(await send('http://dual.example/')).toMatchObject({ status: 200 })
    expect(stub.dialled).toEqual(both)
  })
})

describe('name resolution', () => {
  it.each<[string, () => Promise<readonly string[]>]>([
    ['rejects', () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))],
    [
      'throws',
      () => {
        throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
      },
    ],
  ])('D11: a lookup that %s', async (_how, lookup) => {
    open({ lookup })
    expect(await send('http://nowhere.example/')).toMatchObject({
      errorClass: 'dns',
      code: 'ENOTFOUND',
    })
  })

  it.each([
    '[]',
    '["not an address"]',
    '[""]',
    'null',
    '"93.184.216.34"',
    '[7]',
    '["fe80::1%eth0"]',
  ])('an answer such as %s is dialled nowhere', async (json) => {
    open({ lookup: async () => JSON.parse(json) })
    expect(await send('http://odd.example/')).toMatchObject({ kind: 'error' })
    expect(stub.dialled).toEqual([])
  })

  it('A8: that hangs ends with its own budget', async () => {
    open({ lookup: () => new Promise(() => {}), dnsTimeout: '200ms' })
    const { outcome, tookMs } = await timed(
      transport,
      attempt('http://slow.example/', { timeoutMs: 5000 }),
    )
    expect(outcome).toMatchObject({ errorClass: 'dns', code: 'dns_timeout', blame: 'sender' })
    expect(tookMs).toBeLessThan(800)
  })

  it('A8: that hangs ends with the deadline, if that comes first', async () => {
    open({ lookup: () => new Promise(() => {}) })
    const { outcome, tookMs } = await timed(
      transport,
      attempt('http://slow.example/', { timeoutMs: 200 }),
    )
    expect(outcome).toMatchObject({ errorClass: 'dns', code: 'dns_timeout' })
    expect(tookMs).toBeLessThan(800)
  })

  it('that ends too late dials nothing', async () => {
    const answers: ((addresses: readonly string[]) => void)[] = []
    open({ lookup: () => new Promise((resolve) => answers.push(resolve)) })
    await transport.send(attempt('http://slow.example/', { timeoutMs: 100 }))
    for (const give of answers) give([publicAddress])
    await new Promise((wake) => setTimeout(wake, 20))
    expect(stub.dialled).toEqual([])
  })

  it('goes through the system’s resolver by default', async () => {
    stub = dialTo(() => server.port)
    transport = openTransport({ development: true }, { dial: stub.dial })
    expect(await send(`http://localhost:${server.port}/`)).toMatchObject({ status: 200 })
    expect(stub.dialled.length).toBeGreaterThan(0)
  })
})

describe('private targets that a policy opens', () => {
  it('tell their errors apart in development only', async () => {
    const closed = await rawServer(() => {})
    await closed.close()
    open(
      { development: true },
      dialTo(() => closed.port),
    )
    const url = `http://127.0.0.1:${closed.port}/`
    expect(await send(url)).toMatchObject({ code: 'ECONNREFUSED' })
    await transport.close()
    open(
      { allowAddresses: ['127.0.0.0/8'] },
      dialTo(() => closed.port),
    )
    expect(await send(url)).toMatchObject({ code: 'unreachable' })
  })

  it.each(['http', 'https'])(
    'that hang up on %s without a word read like those that refuse',
    async (scheme) => {
      const hanging: readonly Serve[] = [
        (socket) => socket.end(),
        (socket) => socket.resetAndDestroy(),
        (socket) => socket.once('data', () => socket.destroy()),
      ]
      for (const serve of hanging) {
        const quiet = await rawServer(serve)
        const inside = { allowAddresses: ['10.0.0.0/8'], ports: 'any' } as const
        open(
          inside,
          dialTo(() => quiet.port),
        )
        expect(await send(`${scheme}://10.0.0.5/`)).toMatchObject({
          errorClass: 'network',
          code: 'unreachable',
        })
        await transport.close()
        await quiet.close()
      }
    },
  )

  it('that speak are known to speak', async () => {
    const speaking = await rawServer((socket) => socket.end('-ERR unknown command\r\n'))
    open(
      { allowAddresses: ['10.0.0.0/8'] },
      dialTo(() => speaking.port),
    )
    expect(await send('http://10.0.0.5/')).toMatchObject({ errorClass: 'protocol' })
    await speaking.close()
  })
})
