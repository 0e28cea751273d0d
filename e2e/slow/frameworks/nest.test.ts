import type { Server } from 'node:http'
import { toFastify } from '@posthorn/receiver/fastify'
import { toNest } from '@posthorn/receiver/nest'
import { describe, expect, it } from 'vitest'
import { type Bed, createBed, sign } from '../../adapters/bed'
import { adapterContract, type Mounted } from '../../adapters/contract'
import { installFrameworks, load } from './load'

type Decorator = (target: object, key: string, descriptor: PropertyDescriptor) => void
type ParameterDecorator = (target: object, key: string, index: number) => void

interface NestApplication {
  listen(port: number, host: string): Promise<unknown>
  getHttpServer(): Server
  close(): Promise<void>
  /** Of the Fastify platform. */
  register?(plugin: ReturnType<typeof toFastify>, options: object): Promise<unknown>
}

interface NestCommon {
  Module(metadata: { controllers: readonly object[] }): (target: object) => void
  Controller(path: string): (target: object) => void
  All(path: string): Decorator
  Req(): ParameterDecorator
  Res(): ParameterDecorator
}

interface NestCore {
  NestFactory: { create(module: object, ...options: readonly object[]): Promise<NestApplication> }
}

installFrameworks()
load('reflect-metadata')
const nest = load<NestCommon>('@nestjs/common')
const { NestFactory } = load<NestCore>('@nestjs/core')
const { FastifyAdapter } = load<{ FastifyAdapter: new () => object }>('@nestjs/platform-fastify')

/** Decorators by hand: nothing here compiles them. */
function moduleOf({ receiver }: Bed): object {
  const answer = toNest(receiver)
  class Webhooks {
    handle(...[request, response]: Parameters<typeof answer>) {
      return answer(request, response)
    }
  }
  const { prototype } = Webhooks
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'handle') ?? {}
  nest.Controller('webhooks')(Webhooks)
  nest.All(':tenant')(prototype, 'handle', descriptor)
  nest.Req()(prototype, 'handle', 0)
  nest.Res()(prototype, 'handle', 1)
  class App {}
  nest.Module({ controllers: [Webhooks] })(App)
  return App
}

async function listen(app: NestApplication): Promise<Mounted> {
  await app.listen(0, '127.0.0.1')
  const server = app.getHttpServer()
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  const close = () => {
    server.closeAllConnections()
    return app.close()
  }
  return { port: address.port, close }
}

const quiet = { logger: false }

adapterContract({
  name: 'NestJS 11 on Express',
  mount: async (bed) =>
    listen(await NestFactory.create(moduleOf(bed), { ...quiet, bodyParser: false })),
  mountParsed: async (bed) => listen(await NestFactory.create(moduleOf(bed), quiet)),
  fix: /rawBody: true/,
})

adapterContract({
  name: 'NestJS 11 on Fastify, as a plugin',
  mount: async (bed) => {
    class App {}
    nest.Module({ controllers: [] })(App)
    const app = await NestFactory.create(App, new FastifyAdapter(), quiet)
    await app.register?.(toFastify(bed.receiver), { path: '/webhooks/:tenant' })
    return listen(app)
  },
  mountParsed: async (bed) => listen(await onFastify(bed, {})),
  refusedTypes: ['', 'not a type'],
  fix: /rawBody: true/,
})

describe('toNest with rawBody: true', () => {
  const create = {
    Express: (bed: Bed) => NestFactory.create(moduleOf(bed), { ...quiet, rawBody: true }),
    Fastify: (bed: Bed) => onFastify(bed, { rawBody: true }),
  }

  it.each(['Express', 'Fastify'] as const)(
    'uses the bytes that Nest on %s kept',
    async (platform) => {
      const bed = createBed()
      bed.receiver.on('run.completed', () => {})
      const { port, close } = await listen(await create[platform](bed))
      const { headers, body } = await sign()
      const url = `http://127.0.0.1:${port}/webhooks/acme`
      const response = await fetch(url, { method: 'POST', headers, body })
      expect([response.status, await response.text()]).toEqual([200, '{"code":"handled"}'])
      expect(bed.verified).toEqual([Uint8Array.from(body)])
      await close()
    },
  )
})

function onFastify(bed: Bed, options: object): Promise<NestApplication> {
  return NestFactory.create(moduleOf(bed), new FastifyAdapter(), { ...quiet, ...options })
}
