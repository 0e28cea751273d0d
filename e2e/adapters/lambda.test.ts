import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type LambdaEvent, type LambdaResult, toLambda } from '@posthorn/receiver/lambda'
import { describe, expect, it } from 'vitest'
import { guarded } from '../lib/guarded'
import { createBed, MAX_BODY_BYTES, sign } from './bed'
import { adapterContract } from './contract'
import { listen } from './listen'

type Event = (request: IncomingMessage, body: Buffer) => LambdaEvent

/** What stands before a function: it reads the request whole, and calls with an event. */
function gateway(handler: (event: LambdaEvent) => Promise<LambdaResult>, toEvent: Event) {
  const answer = guarded(async (request, response) => {
    const event = toEvent(request, await buffer(request))
    const { statusCode, headers, body } = await handler(event)
    const length = statusCode === 204 ? {} : { 'content-length': String(body.length) }
    response.writeHead(statusCode, { ...headers, ...length })
    response.end(body)
  })
  return createServer(answer)
}

const pathParameters = ({ url = '' }: IncomingMessage) => ({ tenant: url.split('/')[2] ?? '' })

/** HTTP API with payload 2.0, and function URLs: names in lower case, repeated headers joined. */
const version2: Event = (request, body) => ({
  version: '2.0',
  requestContext: { http: { method: request.method ?? '' } },
  headers: Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(',')]),
  ),
  pathParameters: pathParameters(request),
  body: body.toString('base64'),
  isBase64Encoded: true,
})

/** REST API: names as they came, the last of repeated headers alone beside the list of all. */
const version1: Event = (request, body) => {
  const lists = Object.entries(request.headersDistinct).map(
    ([name, values = []]) => [name.replace(/^w/, 'W'), values] as const,
  )
  return {
    httpMethod: request.method ?? '',
    headers: Object.fromEntries(lists.map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(lists),
    pathParameters: pathParameters(request),
    body: body.length === 0 ? null : body.toString('base64'),
    isBase64Encoded: body.length > 0,
    requestContext: {},
  }
}

for (const [name, toEvent] of [
  ['Lambda, payload 1.0', version1],
  ['Lambda, payload 2.0', version2],
] as const) {
  adapterContract({
    name,
    buffered: true,
    mount: ({ receiver }) => listen(gateway(toLambda(receiver), toEvent)),
  })
}

describe('toLambda', () => {
  const handled = async (event: (body: Buffer) => Partial<LambdaEvent>) => {
    const { receiver, verified } = createBed()
    receiver.on('run.completed', () => {})
    const { headers, body } = await sign()
    const bytes = Buffer.from(body)
    const result = await toLambda(receiver)({ httpMethod: 'POST', headers, ...event(bytes) })
    return { ...result, verified, bytes }
  }

  it('takes a body that came as text', async () => {
    const { statusCode, verified, bytes } = await handled((body) => ({ body: body.toString() }))
    expect(statusCode).toBe(200)
    expect(verified[0]).toEqual(Uint8Array.from(bytes))
  })

  it.each([
    ['text', false],
    ['base64', true],
  ])('refuses what is too long, as %s', async (_name, isBase64Encoded) => {
    const long = Buffer.alloc(MAX_BODY_BYTES + 1, 'é')
    const body = long.toString(isBase64Encoded ? 'base64' : 'utf8')
    const result = await handled(() => ({ body, isBase64Encoded }))
    expect(result).toMatchObject({ statusCode: 413, body: '{"code":"body_too_large"}' })
  })

  it.each([
    ['of another source', { version: '0', ...{ Records: [] } }],
    ['without anything', {}],
    ['of nulls', { headers: null, multiValueHeaders: null, body: null, pathParameters: null }],
  ])('answers an event %s with 405', async (_name, event) => {
    const { receiver } = createBed()
    expect(await toLambda(receiver)(event)).toMatchObject({ statusCode: 405 })
  })
})
