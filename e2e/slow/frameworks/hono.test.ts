import { createServer, type RequestListener } from 'node:http'
import { toFetch } from '@posthorn/receiver/fetch'
import { adapterContract } from '../../adapters/contract'
import { listen } from '../../adapters/listen'
import { installFrameworks, load } from './load'

interface HonoContext {
  readonly req: { readonly raw: Request; json(): Promise<unknown>; param(name: string): string }
}

interface Hono {
  readonly fetch: (request: Request) => Response | Promise<Response>
  all(path: string, handler: (context: HonoContext) => Promise<Response>): Hono
}

installFrameworks()
const { Hono } = load<{ Hono: new () => Hono }>('hono')
const { getRequestListener } = load<{
  getRequestListener(fetch: Hono['fetch']): RequestListener
}>('@hono/node-server')

const params = ({ url }: Request) => ({ tenant: new URL(url).pathname.split('/')[2] ?? '' })

adapterContract({
  name: 'Hono 4',
  mount: ({ receiver }) => {
    const handle = toFetch(receiver, { params })
    const app = new Hono().all('/webhooks/:tenant', ({ req }) => handle(req.raw))
    return listen(createServer(getRequestListener(app.fetch)))
  },
  mountParsed: ({ receiver }) => {
    const handle = toFetch(receiver, { params })
    const app = new Hono().all('/webhooks/:tenant', async ({ req }) => {
      await req.json()
      return handle(req.raw)
    })
    return listen(createServer(getRequestListener(app.fetch)))
  },
  drains: true,
  fix: /before toFetch/,
})
