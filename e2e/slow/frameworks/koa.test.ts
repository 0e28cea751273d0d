import { createServer, type RequestListener } from 'node:http'
import { type KoaContext, toKoa } from '@posthorn/receiver/koa'
import { adapterContract } from '../../adapters/contract'
import { listen } from '../../adapters/listen'
import { installFrameworks, load } from './load'

type Middleware = (context: KoaContext, next: () => Promise<void>) => Promise<void>

interface Koa {
  use(middleware: Middleware): Koa
  callback(): RequestListener
}

interface Router {
  all(path: string, middleware: (context: KoaContext) => Promise<void>): Router
  routes(): Middleware
}

installFrameworks()
const Koa = load<{ default: new () => Koa }>('koa').default
const Router = load<new () => Router>('@koa/router')
const { bodyParser } = load<{ bodyParser: () => Middleware }>('@koa/bodyparser')

adapterContract({
  name: 'Koa 3',
  mount: ({ receiver }) => {
    const router = new Router().all('/webhooks/:tenant', toKoa(receiver))
    return listen(createServer(new Koa().use(router.routes()).use(bodyParser()).callback()))
  },
  mountParsed: ({ receiver }) => {
    const router = new Router().all('/webhooks/:tenant', toKoa(receiver))
    return listen(createServer(new Koa().use(bodyParser()).use(router.routes()).callback()))
  },
  fix: /before toKoa|parser ran before/,
})
