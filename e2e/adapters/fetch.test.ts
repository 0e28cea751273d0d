import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { toFetch } from '@posthorn/receiver/fetch'
import { describe, expect, it } from 'vitest'
import { guarded } from '../lib/guarded'
import { createBed, MAX_BODY_BYTES, sign, signBytes } from './bed'
import { adapterContract } from './contract'
import { listen } from './listen'

type FetchHandler = (request: Request) => Promise<Response>

/** A server of the kind that calls `(Request) => Response`. */
function serve(handle: FetchHandler) {
  const answer = guarded(async (incoming, outgoing) => {
    const response = await handle(requestOf(incoming))
    if (outgoing.destroyed) return
    await write(incoming, outgoing, response)
  })
  return createServer(answer)
}

function requestOf(incoming: IncomingMessage): Request {
  const { method = 'GET', url = '/', rawHeaders } = incoming
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? { body: streamOf(incoming), duplex: 'half' as const } : {}
  return new Request(`http://localhost${url}`, { method, headers, ...body })
}

function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      incoming.on('data', (chunk: Buffer) => controller.enqueue(new Uint8Array(chunk)))
      incoming.on('end', () => controller.close())
      incoming.on('error', (error) => controller.error(error))
    },
    cancel() {
      incoming.removeAllListeners('data')
      incoming.removeAllListeners('end')
    },
  })
}

async function write(incoming: IncomingMessage, outgoing: ServerResponse, response: Response) {
  const body = Buffer.from(await response.arrayBuffer())
  const length = response.status === 204 ? {} : { 'content-length': String(body.length) }
  const close = incoming.complete ? {} : { connection: 'close' }
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    ...length,
    ...close,
  })
  outgoing.end(body)
  incoming.resume()
}

const params = ({ url }: Request) => ({ tenant: new URL(url).pathname.split('/')[2] ?? '' })

adapterContract({
  name: 'fetch',
  mount: ({ receiver }) => listen(serve(toFetch(receiver, { params }))),
  mountParsed: ({ receiver }) => {
    const handle = toFetch(receiver)
    return listen(
      serve(async (request) => {
        await request.json()
        return handle(request)
      }),
    )
  },
  fix: /before toFetch.*request\.clone\(\)/,
})

describe('toFetch', () => {
  const URL = 'https://example.com/webhooks'

  it('takes a Request and gives a Response', async () => {
    const { receiver } = createBed()
    receiver.on('run.completed', () => {})
    const { headers, body } = await sign()
    const response = await toFetch(receiver)(new Request(URL, { method: 'POST', headers, body }))
    expect(response).toBeInstanceOf(Response)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ code: 'handled' })
  })

  it('takes a Request without a body', async () => {
    const { receiver } = createBed()
    const headers = await signBytes(new Uint8Array())
    const response = await toFetch(receiver)(new Request(URL, { method: 'POST', headers }))
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ code: 'malformed_json' })
  })

  it('survives parameters that cannot be had of the URL that came', async () => {
    const { receiver } = createBed()
    const fail = () => {
      throw new TypeError('Invalid URL')
    }
    const request = new Request(URL, { method: 'POST', body: '{}' })
    const response = await toFetch(receiver, { params: fail })(request)
    expect([response.status, await response.json()]).toEqual([500, { code: 'config' }])
  })

  it('answers HEAD and 204 without a body', async () => {
    const { receiver } = createBed()
    const handle = toFetch(receiver)
    const head = await handle(new Request(URL, { method: 'HEAD' }))
    expect([head.status, head.body]).toEqual([405, null])
    const { headers, body } = await sign()
    const unknown = await handle(new Request(URL, { method: 'POST', headers, body }))
    expect([unknown.status, unknown.body]).toEqual([204, null])
  })

  it('stops reading, and tells the source, once there is too much', async () => {
    const { receiver } = createBed()
    let pulled = 0
    let canceled = false
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(1_000))
      },
      cancel() {
        canceled = true
      },
    })
    const request = new Request(URL, { method: 'POST', body, duplex: 'half' })
    expect((await toFetch(receiver)(request)).status).toBe(413)
    expect(pulled).toBeLessThan(MAX_BODY_BYTES / 1_000 + 5)
    expect(canceled).toBe(true)
  })

  it('takes a stream of Node as the body', async () => {
    const { receiver } = createBed()
    receiver.on('run.completed', () => {})
    const { headers, body } = await sign()
    const stream = Readable.toWeb(Readable.from([Buffer.from(body)]))
    const request = new Request(URL, { method: 'POST', headers, body: stream, duplex: 'half' })
    expect((await toFetch(receiver)(request)).status).toBe(200)
  })
})
