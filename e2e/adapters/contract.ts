import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Bed, createBed, event, MAX_BODY_BYTES, sign, signBytes } from './bed'
import { head, openRaw, type RawConnection, type RawResponse } from './raw-client'

export interface Mounted {
  readonly port: number
  close(): Promise<unknown>
}

export interface AdapterContract {
  readonly name: string
  /** Serves the receiver under `/webhooks/:tenant`. */
  mount(bed: Bed): Promise<Mounted>
  /** Serves it behind what consumes bodies in this framework; absent where nothing can. */
  mountParsed?(bed: Bed): Promise<Mounted>
  /** Content types that the framework refuses by itself. */
  readonly refusedTypes?: readonly string[]
  /** What calls the adapter has read the whole body already, so that nothing can be refused before it came. */
  readonly buffered?: boolean
  /** The framework throws away what is left of a refused body, and keeps the connection. */
  readonly drains?: boolean
  /** Of the fix in the log. */
  readonly fix?: RegExp
}

const PATH = '/webhooks/acme'

/** What every adapter must do, over real HTTP. */
export function adapterContract(contract: AdapterContract): void {
  describe(`adapter contract: ${contract.name}`, () => {
    const streamed = it.skipIf(contract.buffered)
    const open: { close(): unknown }[] = []
    afterEach(async () => {
      for (const each of open.splice(0).reverse()) await each.close()
    })

    async function start(bed = createBed(), mount = contract.mount) {
      const mounted = await mount(bed)
      open.push(mounted)
      const connectRaw = async (): Promise<RawConnection> => {
        const connection = await openRaw(mounted.port)
        open.push(connection)
        return connection
      }
      const post = async (
        headers: Readonly<Record<string, string>>,
        body: Uint8Array | string = '',
      ): Promise<RawResponse> => {
        const connection = await connectRaw()
        const bytes = Buffer.from(body)
        const length = { 'content-length': String(bytes.length) }
        connection.send(head('POST', PATH, Object.entries({ ...length, ...headers })))
        connection.send(bytes)
        return connection.response()
      }
      return { ...bed, ...mounted, connectRaw, post }
    }

    it('hands an event to its handler, with the parameters of the route', async () => {
      const { post, receiver } = await start()
      const handler = vi.fn()
      receiver.on('run.completed', handler)
      const { headers, body } = await sign()
      const response = await post(headers, body)
      expect(response).toMatchObject({ status: 200, body: '{"code":"handled"}' })
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
      expect(handler.mock.calls[0]?.[0]).toEqual(event)
      const context = handler.mock.calls[0]?.[1]
      expect(context.params).toEqual({ tenant: 'acme' })
      expect(context.headers.get('Content-Type')).toBe('application/json')
    })

    it('passes the headers of an answer on', async () => {
      const { post, receiver } = await start()
      receiver.on('run.completed', () => {})
      const { headers, body } = await sign()
      await post(headers, body)
      const response = await post(headers, body)
      expect(response).toMatchObject({ status: 200, body: '{"code":"duplicate"}' })
      expect(response.headers.get('webhook-duplicate')).toBe('true')
    })

    it('answers 204 without a body', async () => {
      const { post } = await start()
      const { headers, body } = await sign()
      const response = await post(headers, body)
      expect(response).toMatchObject({ status: 204, body: '' })
      expect(response.headers.has('content-length')).toBe(false)
    })

    it.each([
      ['every byte there is', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
      ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
      ['0xFF', Uint8Array.of(0x22, 0xff, 0x22)],
      ['a newline at the end', new TextEncoder().encode('{}\r\n')],
      ['nothing', new Uint8Array()],
    ])('brings the exact bytes to the verifier: %s', async (_name, body) => {
      const { post, verified } = await start()
      const response = await post(await signBytes(body), body)
      expect(verified).toEqual([body])
      expect(response.status).not.toBe(401)
    })

    it.each([
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      'not a type',
      '',
      undefined,
    ])('leaves a body of type %s alone', async (type) => {
      const { post, receiver } = await start()
      receiver.on('run.completed', () => {})
      const { headers, body } = await sign()
      const { 'content-type': _, ...rest } = headers
      const response = await post(
        type === undefined ? rest : { ...rest, 'content-type': type },
        body,
      )
      const refused = type !== undefined && contract.refusedTypes?.includes(type)
      expect(response).toMatchObject(
        refused
          ? { status: 415, body: '{"code":"unsupported_media_type"}' }
          : { status: 200, body: '{"code":"handled"}' },
      )
    })

    it('reads a body that comes in pieces', async () => {
      const { connectRaw, receiver } = await start()
      receiver.on('run.completed', () => {})
      const { headers, body } = await sign()
      const connection = await connectRaw()
      const chunked = [...Object.entries(headers), ['transfer-encoding', 'chunked'] as const]
      connection.send(head('POST', PATH, chunked))
      for (const byte of body) connection.send(`1\r\n${String.fromCharCode(byte)}\r\n`)
      connection.send('0\r\n\r\n')
      expect(await connection.response()).toMatchObject({ status: 200 })
    })

    streamed('refuses an oversized body by its announced length, before it came', async () => {
      const { connectRaw, verified } = await start()
      const connection = await connectRaw()
      connection.send(head('POST', PATH, [['content-length', String(MAX_BODY_BYTES + 1)]]))
      const response = await connection.response()
      expect(response).toMatchObject({ status: 413, body: '{"code":"body_too_large"}' })
      expect(response.headers.get('connection')).toBe(contract.drains ? 'keep-alive' : 'close')
      expect(verified).toEqual([])
    })

    streamed('refuses an oversized body of no announced length, before it ended', async () => {
      const { connectRaw, verified } = await start()
      const connection = await connectRaw()
      connection.send(head('POST', PATH, [['transfer-encoding', 'chunked']]))
      const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`
      for (let sent = 0; sent <= MAX_BODY_BYTES; sent += 0x1000) connection.send(chunk)
      const response = await connection.response()
      expect(response).toMatchObject({ status: 413, body: '{"code":"body_too_large"}' })
      expect(verified).toEqual([])
    })

    it('answers 413 to a client that sends everything all the same', async () => {
      const { port } = await start()
      const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
        method: 'POST',
        body: 'x'.repeat(3_000_000),
      })
      expect(response.status).toBe(413)
    })

    it('takes a body of the greatest length', async () => {
      const { post } = await start()
      const body = new Uint8Array(MAX_BODY_BYTES).fill(0x20)
      expect(await post(await signBytes(body), body)).toMatchObject({
        status: 400,
        body: '{"code":"malformed_json"}',
      })
    })

    streamed('notices a body cut short, and serves the next', async () => {
      const { begun, connectRaw, post, receiver, results, verified } = await start()
      receiver.on('run.completed', () => {})
      const connection = await connectRaw()
      const { headers, body } = await sign()
      const announced = [...Object.entries(headers), ['content-length', '500'] as const]
      connection.send(head('POST', PATH, announced))
      connection.send(body.subarray(0, 20))
      await vi.waitFor(() => expect(begun.count).toBe(1))
      connection.abort()
      await vi.waitFor(() => expect(results).toHaveLength(1))
      expect(results[0]?.outcome).toMatchObject({ kind: 'refused', code: 'body_aborted' })
      expect(verified).toEqual([])
      expect(await post(headers, body)).toMatchObject({ status: 200 })
    })

    it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('answers %s with 405', async (method) => {
      const { connectRaw, receiver } = await start()
      receiver.on('run.completed', () => {})
      const connection = await connectRaw()
      connection.send(head(method, PATH, []))
      const response = await connection.response()
      expect(response).toMatchObject({ status: 405, body: '{"code":"method_not_allowed"}' })
      expect(response.headers.get('allow')).toBe('POST')
      const { headers, body } = await sign()
      const length = [['content-length', String(body.length)] as const]
      connection.send(head('POST', PATH, [...Object.entries(headers), ...length]))
      connection.send(body)
      expect(await connection.response()).toMatchObject({ status: 200 })
    })

    it('answers HEAD with 405 and no body', async () => {
      const { port } = await start()
      const response = await fetch(`http://127.0.0.1:${port}${PATH}`, { method: 'HEAD' })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST')
      expect(await response.text()).toBe('')
    })

    it.each(['gzip', 'br', 'deflate', 'gzip, identity'])(
      'refuses %s with 415',
      async (encoding) => {
        const { post, verified } = await start()
        const { headers, body } = await sign()
        const response = await post({ ...headers, 'content-encoding': encoding }, body)
        expect(response).toMatchObject({ status: 415, body: '{"code":"unsupported_media_type"}' })
        expect(verified).toEqual([])
      },
    )

    it.each(['webhook-id', 'webhook-timestamp'])('refuses %s when it comes twice', async (name) => {
      const { connectRaw } = await start()
      const { headers, body } = await sign()
      const connection = await connectRaw()
      const twice = [name, headers[name] ?? ''] as const
      const length = ['content-length', String(body.length)] as const
      connection.send(head('POST', PATH, [...Object.entries(headers), twice, length]))
      connection.send(body)
      expect(await connection.response()).toMatchObject({
        status: 400,
        body: '{"code":"duplicate_header"}',
      })
    })

    it.skipIf(!contract.mountParsed)(
      'fails at once and loudly on a body that was read before it came here',
      async () => {
        const bed = createBed()
        const { post, lines } = await start(bed, contract.mountParsed)
        bed.receiver.on('run.completed', () => {})
        const { headers, body } = await sign()
        const began = performance.now()
        const response = await post(headers, body)
        expect(performance.now() - began).toBeLessThan(1_000)
        expect(response).toMatchObject({ status: 500, body: '{"code":"body_not_raw"}' })
        const errors = lines.filter(({ level }) => level === 'error')
        expect(errors).toHaveLength(1)
        expect(errors[0]?.message).toMatch(contract.fix ?? /^$/)
      },
    )

    it('tells nobody what went wrong inside', async () => {
      const text = 'the database password is hunter2'
      const fail = () => Promise.reject(new Error(text))
      const store = memoryFailing(fail)
      const beds = [
        createBed(),
        createBed({ idempotency: { store, source: 'a' } }),
        createBed({ secrets: fail }),
      ]
      for (const bed of beds) {
        const { post } = await start(bed)
        bed.receiver.on('run.completed', fail)
        const { headers, body } = await sign()
        const response = await post(headers, body)
        expect(response.status).toBeGreaterThanOrEqual(500)
        expect(response.body).toMatch(/^\{"code":"[a-z_]+"\}$/)
        expect(JSON.stringify([...response.headers])).not.toContain('hunter2')
      }
    })

    it('says Retry-After while a copy is being handled', async () => {
      const { post, receiver } = await start()
      let finish = () => {}
      const running = new Promise<void>((resolve) => {
        finish = resolve
      })
      receiver.on('run.completed', () => running)
      const { headers, body } = await sign()
      const first = post(headers, body)
      await vi.waitFor(async () => {
        const second = await post(headers, body)
        expect(second.status).toBe(409)
        expect(second.headers.get('retry-after')).toBe('30')
      })
      finish()
      expect((await first).status).toBe(200)
    })
  })
}

function memoryFailing(fail: () => Promise<never>) {
  return { claim: fail, renew: fail, complete: fail, release: fail }
}
