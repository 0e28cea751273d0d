import { afterEach, describe, expect, it } from 'vitest'
import { Attempt } from '../../packages/sender/src/lib/network/transport/attempt'
import { createDeadlines } from '../../packages/sender/src/lib/network/transport/deadlines'
import { dialTcp } from '../../packages/sender/src/lib/network/transport/dial'
import { fakeTimers } from '../../packages/sender/src/lib/network/transport/fake-timers'
import type { Outgoing } from '../../packages/sender/src/lib/network/transport/occupant'
import { Pool } from '../../packages/sender/src/lib/network/transport/pool'
import { createSecure } from '../../packages/sender/src/lib/network/transport/secure'
import { realTimers } from '../../packages/sender/src/lib/network/transport/timers'
import type { AttemptOutcome, Transport } from '../../packages/sender/src/lib/ports/transport'
import { attempt, openTransport, timed, until, watchUncaught } from './harness'
import { answer, onRequest, type RawServer, rawServer, type Serve } from './raw-server'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const uncaught = watchUncaught()
const servers: RawServer[] = []
let transport: Transport = openTransport()

async function serve(how: Serve): Promise<{ server: RawServer; url: string }> {
  const server = await rawServer(how)
  servers.push(server)
  return { server, url: `http://127.0.0.1:${server.port}/in?a=1#part` }
}

const send = (url: string, changes = {}) => transport.send(attempt(url, changes))
const pause = (ms: number) => new Promise((wake) => setTimeout(wake, ms))
const statusOf = (outcome: AttemptOutcome) =>
  outcome.kind === 'response' ? outcome.status : `${outcome.errorClass} ${outcome.code}`

afterEach(async () => {
  await transport.close()
  for (const server of servers.splice(0)) {
    expect(await until(() => server.open() === 0)).toBe(true)
    await server.close()
  }
  transport = openTransport()
  expect(uncaught.seen).toEqual([])
})

describe('the request', () => {
  it('has the bytes given, and the headers that the transport sets', async () => {
    const seen: { head: string; body: Buffer }[] = []
    const { url, server } = await serve((socket) =>
      onRequest(socket, (head, body) => {
        seen.push({ head, body })
        socket.write(ok)
      }),
    )
    const body = new Uint8Array(Buffer.from('xx{"a":"é"}xx')).subarray(2, -2)
    await send(url, { body })
    expect(seen[0]?.body.equals(Buffer.from('{"a":"é"}'))).toBe(true)
    const lines = seen[0]?.head.split('\r\n') ?? []
    expect(lines[0]).toBe('POST /in?a=1 HTTP/1.1')
    expect(lines.slice(1).sort()).toEqual([
      'accept-encoding: identity',
      'connection: keep-alive',
      'content-length: 10',
      'content-type: application/json',
      `host: 127.0.0.1:${server.port}`,
      'user-agent: Posthorn/0.1.0',
      'webhook-id: evt_1',
    ])
  })

  it('is an OPTIONS without a body when that is asked for', async () => {
    const heads: string[] = []
    const { url } = await serve((socket) =>
      onRequest(socket, (head) => {
        heads.push(head)
        socket.write(ok)
      }),
    )
    expect(statusOf(await send(url, { method: 'OPTIONS', body: new Uint8Array() }))).toBe(200)
    expect(heads[0]).toMatch(/^OPTIONS \/in\?a=1 HTTP\/1\.1\r\n/)
    expect(heads[0]).not.toMatch(/content-length|transfer-encoding/i)
  })

  it('takes the caller’s user agent, and an empty body', async () => {
    let head = ''
    const { url } = await serve((socket) =>
      onRequest(socket, (given) => {
        head = given
        socket.write(ok)
      }),
    )
    await send(url, { headers: { 'User-Agent': 'Host/1' }, body: new Uint8Array(0) })
    expect(head).toContain('User-Agent: Host/1')
    expect(head).not.toContain('Posthorn')
    expect(head).toContain('content-length: 0')
  })

  it.each([
    ['Host', 'elsewhere'],
    ['Content-Length', '1'],
    ['transfer-encoding', 'chunked'],
    ['Accept-Encoding', 'gzip'],
    ['connection', 'close'],
    ['expect', '100-continue'],
    ['x-a', 'b\r\nx-b: c'],
    ['x-a', 'b\0'],
    ['x a', 'b'],
    ['', 'b'],
  ])('with the header %j: %j is refused, and not sent', async (name, value) => {
    const { url, server } = await serve(answer(ok))
    const outcome = await send(url, { headers: { [name]: value } })
    expect(statusOf(outcome)).toBe('config invalid_request')
    expect(server.accepted()).toBe(0)
  })
})

describe('kept-alive sockets', () => {
  it('serve one request after another', async () => {
    const { url, server } = await serve(answer(ok))
    for (let turn = 0; turn < 5; turn++) expect(statusOf(await send(url))).toBe(200)
    expect(server.accepted()).toBe(1)
  })

  it('are not shared by requests under way', async () => {
    const { url, server } = await serve((socket) =>
      onRequest(socket, () => setTimeout(() => socket.write(ok), 50)),
    )
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => send(url)))
    expect(outcomes.map(statusOf)).toEqual(Array(20).fill(200))
    expect(server.accepted()).toBe(20)
  })

  it.each(['Connection: close', 'Keep-Alive: timeout=1'])(
    'D7, D8: are not kept after %s',
    async (header) => {
      const { url, server } = await serve(
        answer(`HTTP/1.1 200 OK\r\n${header}\r\nContent-Length: 0\r\n\r\n`),
      )
      for (let turn = 0; turn < 3; turn++) expect(statusOf(await send(url))).toBe(200)
      expect(server.accepted()).toBe(3)
    },
  )

  it('D9: are closed a second before the peer says it will', async () => {
    const { url, server } = await serve(
      answer('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n'),
    )
    await send(url)
    expect(server.open()).toBe(1)
    await pause(500)
    expect(server.open()).toBe(1)
    expect(await until(() => server.open() === 0, 1500)).toBe(true)
  })

  it('D5: are replaced when the peer has closed them', async () => {
    const { url, server } = await serve((socket) =>
      onRequest(socket, () => {
        socket.write(ok)
        setTimeout(() => socket.end(), 5)
      }),
    )
    for (let turn = 0; turn < 3; turn++) {
      const outcome = await send(url)
      expect(outcome).toMatchObject({ status: 200 })
      expect(outcome).not.toHaveProperty('freshSocket')
      await pause(20)
    }
    expect(server.accepted()).toBe(3)
  })

  it('C9: are dropped when bytes come that nobody asked for', async () => {
    const stray = 'HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n'
    const { url, server } = await serve(answer(ok + stray))
    for (let turn = 0; turn < 5; turn++) expect(statusOf(await send(url))).toBe(200)
    expect(server.accepted()).toBe(5)
  })

  it('A9: are not reused while a request is still being written', async () => {
    const { url, server } = await serve((socket) => {
      socket.once('data', () => {
        socket.pause()
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
        setTimeout(() => socket.resume(), 300)
      })
    })
    const body = Buffer.alloc(20_000_000)
    expect(statusOf(await send(url, { body }))).toBe(413)
    expect(statusOf(await send(url))).toBe(413)
    expect(server.accepted()).toBe(2)
  })

  it('stay within the bound, the longest idle going first', async () => {
    transport = openTransport({ development: true }, { maxSockets: 3 })
    const peers = await Promise.all(Array.from({ length: 8 }, () => serve(answer(ok))))
    for (const { url } of peers) await send(url)
    const open = () => peers.map(({ server }) => server.open())
    expect(await until(() => open().join('') === '00000111')).toBe(true)
  })
})

describe('D6: a reused socket that is reset just as it is used', () => {
  /** Resets each connection at the request of this number. */
  const resetAt =
    (fatal: number): Serve =>
    (socket) =>
      onRequest(socket, (_head, _body, number) => {
        if (number === fatal) socket.resetAndDestroy()
        else socket.write(ok)
      })

  it('is replaced by a fresh one, once, and the outcome says so', async () => {
    const { url, server } = await serve(resetAt(1))
    expect(await send(url)).not.toHaveProperty('freshSocket')
    expect(await send(url)).toMatchObject({ status: 200, freshSocket: true })
    expect(server.accepted()).toBe(2)
  })

  it('a thousand times in a row: all delivered', async () => {
    const { url } = await serve(resetAt(1))
    let repeated = 0
    for (let turn = 0; turn < 1000; turn++) {
      const outcome = await send(url)
      expect(statusOf(outcome)).toBe(200)
      if (outcome.freshSocket === true) repeated++
    }
    expect(repeated).toBe(999)
  })

  it('is not repeated twice', async () => {
    const { url, server } = await serve((socket, connection) => {
      resetAt(connection === 0 ? 1 : 0)(socket, connection)
    })
    await send(url)
    expect(await send(url)).toMatchObject({
      errorClass: 'network',
      code: 'ECONNRESET',
      freshSocket: true,
    })
    expect(server.accepted()).toBe(2)
  })

  it('is not repeated when half a status line was read', async () => {
    const { url, server } = await serve((socket) =>
      onRequest(socket, (_head, _body, number) => {
        if (number === 0) socket.write(ok)
        else socket.end('HTTP/1.')
      }),
    )
    await send(url)
    const outcome = await send(url)
    expect(statusOf(outcome)).toBe('network closed')
    expect(outcome).not.toHaveProperty('freshSocket')
    expect(server.accepted()).toBe(1)
  })

  it('is not repeated when a 102 was read', async () => {
    const { url, server } = await serve((socket) =>
      onRequest(socket, (_head, _body, number) => {
        if (number === 0) socket.write(ok)
        else socket.end('HTTP/1.1 102 Processing\r\n\r\n')
      }),
    )
    await send(url)
    expect(statusOf(await send(url))).toBe('network closed')
    expect(server.accepted()).toBe(1)
  })

  it('shares the one deadline', async () => {
    const { url } = await serve((socket, connection) =>
      onRequest(socket, (_head, _body, number) => {
        if (connection === 0 && number === 0) socket.write(ok)
        else if (connection === 0) setTimeout(() => socket.resetAndDestroy(), 200)
      }),
    )
    await send(url)
    const { outcome, tookMs } = await timed(transport, attempt(url, { timeoutMs: 300 }))
    expect(outcome).toMatchObject({ errorClass: 'timeout', freshSocket: true })
    expect(tookMs).toBeLessThan(300 + 600)
  })
})

describe('D1: nobody listens', () => {
  it('is a refused connection', async () => {
    const { url, server } = await serve(answer(ok))
    await server.close()
    const outcome = await send(url)
    expect(outcome).toMatchObject({ errorClass: 'network', code: 'ECONNREFUSED' })
    expect(outcome).toHaveProperty('message', 'The endpoint could not be reached.')
  })
})

describe('what is left when a request is over', () => {
  it('no timer', async () => {
    const timers = fakeTimers()
    transport = openTransport({ development: true }, { timers })
    const { url } = await serve(answer(ok))
    await send(url)
    expect(timers.set).toBe(1)
    await timers.advance(50)
    expect(timers.set).toBe(0)
  })

  it('no slot, once its idle socket is closed', async () => {
    const { url, server } = await serve((socket) =>
      onRequest(socket, () => {
        socket.write(ok)
        setTimeout(() => socket.end(), 20)
      }),
    )
    const pool = new Pool(
      {
        vet: async () => ['127.0.0.1'],
        dial: dialTcp,
        secure: createSecure({}),
        development: true,
        timers: realTimers,
        http2: false,
      },
      10,
    )
    const context = { pool, deadlines: createDeadlines(realTimers), timers: realTimers }
    const request = attempt(url)
    const origin = `http://127.0.0.1:${server.port}`
    const target = { key: origin, origin, hostname: '127.0.0.1', port: server.port, secure: false }
    const outgoing: Outgoing = { path: '/', method: 'POST', headers: [], body: request.body }
    await new Promise((done) => {
      new Attempt(context, { request, target, outgoing, done }).start()
    })
    expect(pool.size).toEqual({ slots: 1, origins: 1 })
    expect(await until(() => pool.size.slots === 0)).toBe(true)
    expect(pool.size.origins).toBe(0)
    expect(context.deadlines.size).toBe(0)
  })
})

describe('a name with several addresses', () => {
  it('is reached at the one that answers', async () => {
    transport = openTransport({ development: true, lookup: async () => ['::1', '127.0.0.1'] })
    const { server } = await serve(answer(ok))
    const outcome = await send(`http://localhost:${server.port}/`)
    expect(outcome).toMatchObject({ status: 200 })
  })

  it('is refused when none does, and the log has each', async () => {
    transport = openTransport({ development: true, lookup: async () => ['127.0.0.1', '127.0.0.2'] })
    const { server } = await serve(answer(ok))
    await server.close()
    const outcome = await send(`http://localhost:${server.port}/`)
    expect(outcome).toMatchObject({
      errorClass: 'network',
      code: 'ECONNREFUSED',
      detail: expect.stringMatching(/127\.0\.0\.1.*127\.0\.0\.2/),
    })
  })
})

describe('close', () => {
  it('ends what is under way, and refuses what comes after', async () => {
    const { url, server } = await serve((socket) => onRequest(socket, () => {}))
    const underWay = Promise.all(Array.from({ length: 5 }, () => send(url)))
    expect(await until(() => server.accepted() === 5)).toBe(true)
    await transport.close()
    const outcomes = await underWay
    expect(outcomes.map(statusOf)).toEqual(Array(5).fill('network transport_closed'))
    expect(statusOf(await send(url))).toBe('config transport_closed')
    await transport.close()
  })

  it('keeps a verdict that was fixed', async () => {
    const { url, server } = await serve(answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'))
    const underWay = send(url)
    expect(await until(() => server.accepted() === 1)).toBe(true)
    await pause(50)
    await transport.close()
    expect(await underWay).toMatchObject({
      status: 200,
      bodyError: 'transport_closed',
      truncated: true,
    })
  })

  it('ends what is still connecting', async () => {
    const never = new Promise<readonly string[]>(() => {})
    transport = openTransport({ allowHttp: true, lookup: () => never })
    const underWay = send('http://example.com/')
    await transport.close()
    expect(statusOf(await underWay)).toBe('network transport_closed')
  })
})

it('B1: keeps memory flat while ten peers send without end', async () => {
  const chunk = Buffer.alloc(1_000_000)
  const { url } = await serve((socket) =>
    onRequest(socket, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const pump = () => {
        while (!socket.destroyed && socket.write(chunk));
      }
      socket.on('drain', pump)
      pump()
    }),
  )
  const before = process.memoryUsage().rss
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => send(url)))
  expect(outcomes.map(statusOf)).toEqual(Array(10).fill(200))
  expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1_048_576)
})
