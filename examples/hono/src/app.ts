import { toFetch } from '@posthorn/receiver/fetch'
import { Hono } from 'hono'
import { rateLimiter } from 'hono-rate-limiter'
import { receiver } from './webhooks'

export const app = new Hono()

const answer = toFetch(receiver)

// Count by whatever tells your callers apart: the address behind your proxy, or the tenant in the path.
const limit = rateLimiter({
  windowMs: 60_000,
  limit: 600,
  keyGenerator: ({ req }) => req.header('x-forwarded-for') ?? 'direct',
})

app.post('/webhooks', limit, ({ req }) => answer(req.raw))
app.get('/', (context) => context.text('up'))
