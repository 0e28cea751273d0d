import { createServer } from 'node:http'
import { toExpress } from '@posthorn/receiver/express'
import express5 from 'express'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'
import { type Bed, createBed, sign } from './bed'
import { adapterContract } from './contract'
import { listen } from './listen'

const versions = [
  ['Express 4', express4],
  ['Express 5', express5],
] as const

const fix =
  /app\.post\('\/webhooks', toExpress\(receiver\)\); app\.use\(express\.json\(\)\).*verify/

for (const [name, express] of versions) {
  adapterContract({
    name,
    mount: ({ receiver }) => {
      const app = express()
      app.use('/webhooks/:tenant', toExpress(receiver))
      app.use(express.json())
      return listen(createServer(app))
    },
    mountParsed: ({ receiver }) => {
      const app = express()
      app.use(express.json())
      app.post('/webhooks/:tenant', toExpress(receiver))
      return listen(createServer(app))
    },
    fix,
  })

  describe(`toExpress on ${name}`, () => {
    async function post(bed: Bed, mount: (app: ReturnType<typeof express>) => void, type?: string) {
      const app = express()
      mount(app)
      app.post('/webhooks', toExpress(bed.receiver))
      const { port, close } = await listen(createServer(app))
      const { headers, body } = await sign()
      const response = await fetch(`http://127.0.0.1:${port}/webhooks`, {
        method: 'POST',
        headers: { ...headers, ...(type ? { 'content-type': type } : {}) },
        body,
      })
      await close()
      return { status: response.status, outcome: bed.results[0]?.outcome }
    }

    it('uses what express.raw() kept', async () => {
      const bed = createBed()
      bed.receiver.on('run.completed', () => {})
      const { status } = await post(bed, (app) => app.use(express.raw({ type: '*/*' })))
      expect(status).toBe(200)
    })

    it('uses the bytes that the verify option kept', async () => {
      const bed = createBed()
      bed.receiver.on('run.completed', () => {})
      const { status } = await post(bed, (app) =>
        app.use(
          express.json({
            verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }),
          }),
        ),
      )
      expect(status).toBe(200)
    })

    it('does not mind a parser that did not take the body', async () => {
      const bed = createBed()
      bed.receiver.on('run.completed', () => {})
      const { status } = await post(bed, (app) => app.use(express.json()), 'application/webhook')
      expect(status).toBe(200)
    })

    it.each([
      ['text', () => express.text({ type: '*/*' })],
      ['urlencoded', () => express.urlencoded({ extended: false, type: '*/*' })],
    ])('fails on the body of express.%s()', async (_name, parser) => {
      const bed = createBed()
      const { status, outcome } = await post(bed, (app) => app.use(parser()))
      expect(status).toBe(500)
      expect(outcome).toMatchObject({ code: 'body_not_raw' })
    })

    it('answers 413 for kept bytes that are too many', async () => {
      const bed = createBed({ maxBodyBytes: 10 })
      const { status } = await post(bed, (app) =>
        app.use((request, _response, next) => {
          delete request.headers['content-length']
          express.raw({ type: '*/*' })(request, _response, next)
        }),
      )
      expect(status).toBe(413)
    })
  })
}
