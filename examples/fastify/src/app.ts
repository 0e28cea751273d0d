import rateLimit from '@fastify/rate-limit'
import { toFastify } from '@posthorn/receiver/fastify'
import fastify from 'fastify'
import { receiver } from './webhooks'

export const app = fastify()

// The limit counts by address; behind a proxy set `trustProxy`.
await app.register(rateLimit, { timeWindow: 60_000, max: 600 })
await app.register(toFastify(receiver), { path: '/webhooks' })

app.get('/', () => 'up')
