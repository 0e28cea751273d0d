import { text } from 'node:stream/consumers'
import { toFastify } from '@posthorn/receiver/fastify'
import fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { createBed, sign } from './bed'
import { adapterContract, type Mounted } from './contract'

adapterContract({
  name: 'Fastify 5',
  mount: async ({ receiver }) => {
    const app = fastify()
    app.register(toFastify(receiver), { path: '/webhooks/:tenant' })
    return listen(app)
  },
  mountParsed: async ({ receiver }) => {
    const app = fastify()
    app.addHook('preParsing', async (request) => {
      await text(request.raw)
    })
    app.register(toFastify(receiver), { path: '/webhooks/:tenant' })
    return listen(app)
  },
  refusedTypes: ['', 'not a type'],
  fix: /before that plugin.*request\.rawBody/,
})

describe('toFastify', () => {
  it('leaves the parsers of other routes alone', async () => {
    const { receiver } = createBed()
    const app = fastify()
    app.register(toFastify(receiver), { path: '/webhooks' })
    app.post('/echo', async (request) => request.body)
    const response = await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } })
    expect(response.json()).toEqual({ a: 1 })
    const refused = await app.inject({
      method: 'POST',
      url: '/echo',
      payload: 'x',
      headers: { 'content-type': 'own/type' },
    })
    expect(refused.statusCode).toBe(415)
    await app.close()
  })

  it('is mounted by prefix, and more than once', async () => {
    const first = createBed()
    const second = createBed()
    first.receiver.on('run.completed', () => {})
    const app = fastify()
    app.register(toFastify(first.receiver), { prefix: '/first' })
    app.register(toFastify(second.receiver), { prefix: '/second' })
    const { headers, body } = await sign()
    const post = async (url: string) => {
      const payload = Buffer.from(body)
      return (await app.inject({ method: 'POST', url, headers, payload })).statusCode
    }
    expect([await post('/first'), await post('/second')]).toEqual([200, 204])
    await app.close()
  })

  it('uses the bytes that a plugin kept', async () => {
    const bed = createBed()
    bed.receiver.on('run.completed', () => {})
    const app = fastify()
    app.addHook('preHandler', async (request) => {
      const chunks: Buffer[] = []
      for await (const chunk of request.raw) chunks.push(chunk)
      Object.assign(request, { rawBody: Buffer.concat(chunks) })
    })
    app.register(toFastify(bed.receiver), { path: '/webhooks' })
    const { headers, body } = await sign()
    const { port, close } = await listen(app)
    const url = `http://127.0.0.1:${port}/webhooks`
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200)
    await close()
  })

  it('leaves the errors of the host to the host', async () => {
    const { receiver } = createBed()
    const app = fastify()
    app.addHook('onRequest', async () => {
      throw Object.assign(new Error('slow down'), { statusCode: 429 })
    })
    app.setErrorHandler((error: Error, _request, reply) => reply.code(429).send(error.message))
    app.register(toFastify(receiver), { path: '/webhooks' })
    const response = await app.inject({ method: 'POST', url: '/webhooks' })
    expect([response.statusCode, response.body]).toEqual([429, 'slow down'])
    await app.close()
  })

  it('is not held to the bodyLimit of the host, but to its own', async () => {
    const bed = createBed({ maxBodyBytes: 100_000 })
    bed.receiver.on('run.completed', () => {})
    const app = fastify({ bodyLimit: 10 })
    app.register(toFastify(bed.receiver), { path: '/webhooks' })
    const { headers, body } = await sign()
    const payload = Buffer.from(body)
    const response = await app.inject({ method: 'POST', url: '/webhooks', headers, payload })
    expect(response.statusCode).toBe(200)
    await app.close()
  })
})

async function listen(app: FastifyInstance): Promise<Mounted> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return {
    port: address.port,
    close: () => {
      app.server.closeAllConnections()
      return app.close()
    },
  }
}
