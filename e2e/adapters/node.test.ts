import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { toNode } from '@posthorn/receiver/node'
import { describe, expect, it } from 'vitest'
import { guarded } from '../lib/guarded'
import { type Bed, createBed, event, sign } from './bed'
import { adapterContract } from './contract'
import { listen } from './listen'

const params = ({ url = '' }: IncomingMessage) => ({ tenant: url.split('/')[2] ?? '' })

adapterContract({
  name: 'node:http',
  mount: ({ receiver }) => listen(createServer(toNode(receiver, { params }))),
  mountParsed: ({ receiver }) => {
    const handle = toNode(receiver)
    const consuming = guarded(async (request, response) => {
      await text(request)
      await handle(request, response)
    })
    return listen(createServer(consuming))
  },
  fix: /before toNode.*request\.rawBody/,
})

describe('toNode', () => {
  async function post(bed: Bed, listener: Parameters<typeof createServer>[1]) {
    const { port, close } = await listen(createServer(listener))
    const { headers, body } = await sign()
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })
    await close()
    return { status: response.status, outcome: bed.results[0]?.outcome }
  }

  it('uses the bytes that somebody kept', async () => {
    const bed = createBed()
    bed.receiver.on('run.completed', () => {})
    const handle = toNode(bed.receiver)
    const { status, outcome } = await post(bed, async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      await handle(Object.assign(request, { rawBody: Buffer.concat(chunks) }), response)
    })
    expect(status).toBe(200)
    expect(outcome).toMatchObject({ kind: 'handled', event })
  })

  it('fails on a body that is decoded text', async () => {
    const bed = createBed()
    const handle = toNode(bed.receiver)
    const { status, outcome } = await post(bed, async (request, response) => {
      request.setEncoding('utf8')
      await handle(request, response)
    })
    expect(status).toBe(500)
    expect(outcome).toMatchObject({ code: 'body_not_raw' })
  })

  it('survives parameters that cannot be had of the URL that came', async () => {
    const bed = createBed()
    const fail = () => {
      throw new TypeError('Invalid URL')
    }
    const { status, outcome } = await post(bed, toNode(bed.receiver, { params: fail }))
    expect(status).toBe(500)
    expect(outcome).toMatchObject({ code: 'config' })
  })

  it('leaves a response alone that was begun already', async () => {
    const bed = createBed()
    const handle = toNode(bed.receiver)
    const { status } = await post(bed, async (request, response) => {
      response.writeHead(202).flushHeaders()
      await handle(request, response)
      response.end()
    })
    expect(status).toBe(202)
  })
})
