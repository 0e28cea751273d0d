import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { createReceiver } from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { recordingTransport } from '@posthorn/sender/testing'
import { afterEach, expect, it } from 'vitest'
import { guarded } from './lib/guarded'

const origin = 'events.example.com'
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** Consents by the handshake, and by sending a challenge back; counts what else comes. */
async function receiver() {
  const seen: string[] = []
  const answer = guarded(async (request, response) => {
    const body = await text(request)
    const event = body === '' ? undefined : JSON.parse(body)
    seen.push(`${request.method} ${event?.type ?? request.headers['webhook-request-origin']}`)
    if (request.method === 'OPTIONS')
      response.writeHead(204, { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '600' })
    response.end(event?.type === 'endpoint.verification' ? event.data.challenge : undefined)
  })
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return { seen, url: `http://127.0.0.1:${address.port}/hook` }
}

/** As docs/receivers-etiquette.md has it. */
function answering(secret: string) {
  const receiver = createReceiver({
    secrets: [secret],
    idempotency: { store: memoryIdempotency(), source: 'events.example.com' },
  })
  return async (request: Request): Promise<Response> => {
    const body = new Uint8Array(await request.arrayBuffer())
    const { outcome, ...reply } = await receiver.receive({ headers: request.headers, body })
    if (outcome.kind === 'unknown_type' && outcome.event.type === 'endpoint.verification')
      return Response.json(outcome.event.data)
    return new Response(reply.body || null, reply)
  }
}

it('a receiver of ours answers the challenge once it has the secret, as the documents show', async () => {
  let answer = answering('whsec_c2VjcmV0LXRoYXQtbm9ib2R5LWtub3dz')
  const transport = recordingTransport(async ({ url, headers, body }) => {
    const response = await answer(
      new Request(url, { method: 'POST', headers, body: Buffer.from(body) }),
    )
    return { status: response.status, body: await response.text() }
  })
  const sender = createSender({ store: memoryStore(), transport })
  await sender.migrate()
  const { endpoint, secret, verification } = await sender.endpoints.create({
    url: 'https://receiver.example/webhooks',
    verify: 'challenge',
  })
  expect(verification).toMatchObject({ verified: false, code: 'http_401' })
  answer = answering(secret)
  expect(await sender.endpoints.verify(endpoint.id)).toMatchObject({ verified: true })
  await sender.stop()
})

it('an endpoint consents over HTTP, by either method, before its first event', async () => {
  const { seen, url } = await receiver()
  const sender = createSender({
    store: memoryStore(),
    network: { development: true },
    verification: { origin },
  })
  await sender.migrate()
  for (const method of ['options', 'challenge'] as const) {
    const { verification } = await sender.endpoints.create({ url, verify: method })
    expect(verification).toMatchObject({ verified: true, method })
  }
  await sender.send({ type: 'run.completed', data: {} })
  expect(await sender.deliverDue()).toMatchObject({ succeeded: 2 })
  expect(seen).toEqual([
    `OPTIONS ${origin}`,
    'POST endpoint.verification',
    'POST run.completed',
    'POST run.completed',
  ])
  await sender.stop()
})
