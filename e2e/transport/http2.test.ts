import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../packages/sender/src/lib/ports/transport'
import { attempt, openTransport, timed, until, watchUncaught } from './harness'
import { answer, rawServer, testAuthority, tlsFor } from './raw-server'

const uncaught = watchUncaught()
const closers: (() => Promise<unknown>)[] = []

type Serve = (request: Http2ServerRequest, response: Http2ServerResponse, number: number) => void

async function serve(handle: Serve, allowHTTP1 = false) {
  const sessions = new Set<ServerHttp2Session>()
  let accepted = 0
  let number = 0
  const server: Http2SecureServer = createSecureServer(
    { ...tlsFor('good'), allowHTTP1 },
    (request, response) => {
      request.on('error', () => {}).resume()
      response.on('error', () => {})
      response.stream?.on('error', () => {})
      handle(request, response, number++)
    },
  )
  server.on('session', (session) => {
    accepted++
    sessions.add(session)
    session.on('error', () => {}).on('close', () => sessions.delete(session))
  })
  server.on('sessionError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    expect(await until(() => sessions.size === 0)).toBe(true)
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted, sessions }
}

function open(http2 = true): Transport {
  const transport = openTransport(
    { development: true, http2, lookup: async () => ['127.0.0.1'] },
    { tls: { ca: testAuthority() } },
  )
  closers.push(() => transport.close())
  return transport
}

const to = (port: number, more = {}) => attempt(`https://localhost:${port}/in`, more)

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
afterAll(() => {
  uncaught.stop()
  expect(uncaught.seen).toEqual([])
})

describe('HTTP/2', () => {
  it.each([200, 204, 302, 410, 500])(
    'an answer of %i is a response, with its headers and its body',
    async (status) => {
      const bodies: string[] = []
      const server = await serve((request, response) => {
        let body = ''
        request
          .on('data', (chunk) => (body += chunk))
          .on('end', () => {
            bodies.push(`${request.method} ${request.url} ${request.headers['webhook-id']} ${body}`)
            response.setHeader('x-a', ['1', '2'])
            response.setHeader('set-cookie', ['a=1', 'b=2'])
            response.writeHead(status)
            response.end(status === 204 ? '' : 'an answer')
          })
      })
      const outcome = await open().send(to(server.port))
      expect(outcome).toMatchObject({ status, headers: { 'x-a': '1, 2' } })
      expect(outcome.kind === 'response' && Buffer.from(outcome.body).toString()).toBe(
        status === 204 ? '' : 'an answer',
      )
      expect(bodies).toEqual(['POST /in evt_1 {"type":"run.completed"}'])
    },
  )

  it('connections are kept, and shared by one request at a time', async () => {
    const server = await serve((_request, response) => void setTimeout(() => response.end('ok'), 5))
    const transport = open()
    for (let turn = 0; turn < 5; turn++)
      expect(await transport.send(to(server.port))).toMatchObject({ status: 200 })
    expect(server.accepted()).toBe(1)
    const all = await Promise.all(Array.from({ length: 20 }, () => transport.send(to(server.port))))
    expect(all.every((outcome) => outcome.kind === 'response')).toBe(true)
    expect(server.accepted()).toBeLessThanOrEqual(20)
  })

  it('is not spoken unless it is asked for, nor where it is not offered', async () => {
    const versions: string[] = []
    const both = await serve((request, response) => {
      versions.push(request.httpVersion)
      response.end()
    }, true)
    expect(await open(false).send(to(both.port))).toMatchObject({ status: 200 })
    const old = await rawServer(
      answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      tlsFor('good', { ALPNProtocols: ['http/1.1'] }),
    )
    closers.unshift(() => old.close())
    expect(await open().send(to(old.port))).toMatchObject({ status: 200 })
    expect(await open().send(to(both.port))).toMatchObject({ status: 200 })
    expect(versions).toEqual(['1.1', '2.0'])
  })

  it('1xx and trailers are passed over', async () => {
    const server = await serve((_request, response) => {
      response.stream.additionalHeaders({ ':status': 103, link: '</a>' })
      response.writeHead(200)
      response.write('ok')
      response.addTrailers({ 'x-trailer': '1' })
      response.end()
    })
    const outcome = await open().send(to(server.port))
    expect(outcome).toMatchObject({ status: 200, truncated: false })
    expect(outcome).not.toHaveProperty('headers.x-trailer')
  })

  it.each<[string, Serve]>([
    ['RST_STREAM', (_request, response) => response.stream.close(2)],
    ['RST_STREAM (cancel)', (_request, response) => response.stream.close(8)],
    ['RST_STREAM (no error)', (_request, response) => response.stream.close(0)],
    ['GOAWAY', (_request, response) => response.stream.session?.goaway(2)],
    ['a destroyed session', (_request, response) => response.stream.session?.destroy()],
  ])('%s in place of an answer is a failure at once', async (_what, handle) => {
    const server = await serve(handle)
    const { outcome, tookMs } = await timed(open(), to(server.port))
    expect(outcome).toMatchObject({
      kind: 'error',
      errorClass: expect.stringMatching(/^(network|protocol)$/),
    })
    expect(tookMs).toBeLessThan(2_000)
  })

  it.each<[string, Serve]>([
    [
      'a refused stream',
      (_request, response, number) => (number === 1 ? response.stream.close(7) : response.end()),
    ],
    [
      'GOAWAY between requests',
      (_request, response) => {
        response.end()
        response.on('finish', () => setTimeout(() => response.stream?.session?.goaway(0), 1))
      },
    ],
    [
      'a session closed between requests',
      (_request, response) => {
        response.end()
        const { session } = response.stream
        response.on('finish', () => setTimeout(() => session?.destroy(), 1))
      },
    ],
  ])('%s costs no attempt', async (_what, handle) => {
    const server = await serve(handle)
    const transport = open()
    for (let turn = 0; turn < 10; turn++) {
      expect(await transport.send(to(server.port))).toMatchObject({ status: 200 })
      await new Promise((wake) => setTimeout(wake, turn % 3))
    }
  })

  it('a request under way is still answered after GOAWAY', async () => {
    const server = await serve((_request, response) => {
      response.stream.session?.goaway(0)
      setTimeout(() => response.end('ok'), 20)
    })
    const transport = open()
    for (let turn = 0; turn < 3; turn++) {
      const outcome = await transport.send(to(server.port))
      expect(outcome).toMatchObject({ status: 200, truncated: false })
      expect(outcome).not.toHaveProperty('freshSocket')
    }
    expect(server.accepted()).toBe(3)
  })

  it('a body that breaks off is noted on the response', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200)
      response.write('part')
      setTimeout(() => response.stream.close(2), 20)
    })
    expect(await open().send(to(server.port))).toMatchObject({
      kind: 'response',
      status: 200,
      truncated: true,
    })
  })

  it('a body without end is cut', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.stream.destroyed && response.write(Buffer.alloc(16_384))) {}
      }
      response.on('drain', more)
      more()
    })
    const { outcome, tookMs } = await timed(open(), to(server.port))
    expect(outcome).toMatchObject({ status: 200, truncated: true })
    expect(outcome.kind === 'response' && outcome.body.length).toBe(16_384)
    expect(tookMs).toBeLessThan(2_000)
  })

  it('huge headers are a failure', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'x-big': 'y'.repeat(100_000) })
      response.end()
    })
    expect(await open().send(to(server.port))).toMatchObject({ kind: 'error' })
  })

  it('no answer ends with the deadline, and the next request is answered', async () => {
    const server = await serve((_request, response, number) =>
      number === 0 ? undefined : void response.end(),
    )
    const transport = open()
    const { outcome, tookMs } = await timed(transport, to(server.port, { timeoutMs: 200 }))
    expect(outcome).toMatchObject({ errorClass: 'timeout', code: 'deadline' })
    expect(tookMs).toBeLessThan(800)
    expect(await transport.send(to(server.port))).toMatchObject({ status: 200 })
  })

  it('closing ends what is under way, and holds no connection', async () => {
    const server = await serve(() => {})
    const transport = open()
    const under = transport.send(to(server.port))
    expect(await until(() => server.accepted() === 1)).toBe(true)
    await transport.close()
    expect(await under).toMatchObject({ kind: 'error', code: 'transport_closed' })
    expect(await until(() => server.sessions.size === 0)).toBe(true)
  })

  it('an idle connection is closed after four seconds', async () => {
    const server = await serve((_request, response) => void response.end())
    await open().send(to(server.port))
    expect(server.sessions.size).toBe(1)
    expect(await until(() => server.sessions.size === 0, 6_000)).toBe(true)
  })
})

describe('an HTTP/2 peer that says nonsense', () => {
  it('1,000 times crashes nothing, and leaks no socket', async () => {
    let seed = 12_345
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
      return seed / 0x7fffffff
    }
    const settings = Buffer.from('000000040000000000', 'hex')
    const frame = () => {
      const length = Math.floor(random() * 40)
      const payload = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
      const head = Buffer.from([
        0,
        0,
        length,
        Math.floor(random() * 11),
        Math.floor(random() * 256),
        0,
        0,
        0,
        Math.floor(random() * 4),
      ])
      return Buffer.concat([head, payload])
    }
    const server = await rawServer(
      (socket) => {
        socket.resume()
        if (random() < 0.9) socket.write(settings)
        for (let each = Math.floor(random() * 6); each > 0; each--) socket.write(frame())
        const end = random()
        if (end < 0.4) socket.end()
        else if (end < 0.6) socket.destroy()
      },
      tlsFor('good', { ALPNProtocols: ['h2'] }),
    )
    const transport = open()
    const kinds = { error: 0, response: 0 }
    for (let round = 0; round < 20; round++) {
      const batch = Array.from({ length: 50 }, () =>
        transport.send(to(server.port, { timeoutMs: 100 })),
      )
      for (const outcome of await Promise.all(batch)) kinds[outcome.kind]++
    }
    await transport.close()
    expect(await until(() => server.open() === 0, 5_000)).toBe(true)
    await server.close()
    expect(kinds.error + kinds.response).toBe(1_000)
    expect(uncaught.seen).toEqual([])
  }, 60_000)
})
