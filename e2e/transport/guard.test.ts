import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkAddress, type NetworkOptions } from '../../packages/sender/src/lib/network/index'
import { guardCases, verdictOf } from '../../packages/sender/src/lib/network/vectors/cases'
import type { AttemptOutcome, Transport } from '../../packages/sender/src/lib/ports/transport'
import { attempt, openTransport, timed, watchUncaught } from './harness'
import { answer, onRequest, type RawServer, rawServer } from './raw-server'
import { dialNowhere, dialTo, type StubDial } from './stub-dial'

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

/** What a tenant sees, the class apart. */
const shown = (outcome: AttemptOutcome) =>
  outcome.kind === 'error' ? { code: outcome.code, message: outcome.message } : outcome.status

describe('a delivery to each URL of the corpus', () => {
  it.each(guardCases('url').map((each) => [each.id, each.input, verdictOf(each), each] as const))(
    '%s %j: %s',
    async (_id, input, verdict, { dns }) => {
      // https would need a certificate for each name; what is judged is the same.
      const plain = input.replace(/^https:/i, 'http:')
      open({ lookup: async (name) => dns?.[name] ?? [publicAddress] })
      const outcome = await send(plain)
      if (verdict === 'allow') {
        expect(outcome).toMatchObject({ kind: 'response', status: 200 })
        expect(stub.dialled).toHaveLength(1)
      } else {
        expect(outcome).toMatchObject({
          errorClass: expect.stringMatching(/^(config|forbidden_address)$/),
        })
        expect(stub.dialled).toEqual([])
      }
    },
  )
})

describe('a delivery to each address of the corpus', () => {
  const cases = guardCases('ip', 'ip-string')

  it.each(cases.map((each) => [each.id, each.input, verdictOf(each)] as const))(
    '%s %j: %s',
    async (_id, address, verdict) => {
      open()
      const outcome = await send(`http://${address.includes(':') ? `[${address}]` : address}/`)
      expect(outcome.kind === 'response').toBe(verdict === 'allow')
      expect(stub.dialled).toHaveLength(verdict === 'allow' ? 1 : 0)
      expect(forbidden()).toEqual([])
    },
  )
})

describe('a delivery to each name of the corpus', () => {
  it.each(guardCases('dns').map((each) => [each.id, each.input, each] as const))(
    '%s %s',
    async (_id, input, each) => {
      const answers = each.answers ?? []
      let turn = 0
      open({ lookup: async () => answers[turn++] ?? [] })
      const outcomes: AttemptOutcome[] = []
      for (const _ of answers) outcomes.push(await send(`http://${input}/`))
      expect(turn).toBe(answers.length)
      expect(forbidden()).toEqual([])
      expect(outcomes.map((outcome) => outcome.kind === 'response')).toEqual(
        answers.map((addresses) => addresses.every((address) => checkAddress(address).allowed)),
      )
      expect(outcomes.some((outcome) => outcome.kind === 'error')).toBe(verdictOf(each) === 'block')
    },
  )
})

describe('rebinding', () => {
  it('1,000 deliveries on alternating answers: not one forbidden dial', async () => {
    let turn = 0
    open({ lookup: async () => (turn++ % 2 === 0 ? [publicAddress] : ['127.0.0.1']) })
    const counts = { delivered: 0, refused: 0 }
    for (let each = 0; each < 1000; each++) {
      const outcome = await send('http://rebind.example/')
      if (outcome.kind === 'response') counts.delivered++
      else if (outcome.errorClass === 'forbidden_address') counts.refused++
    }
    expect(counts).toEqual({ delivered: 500, refused: 500 })
    expect(turn).toBe(1000)
    expect(stub.dialled).toEqual(Array(500).fill(publicAddress))
  })

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
})
