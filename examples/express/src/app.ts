import { toExpress } from '@posthorn/receiver/express'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import { receiver } from './webhooks'

export const app = express()

// Above every body parser: a signature is over the bytes that came. The limit counts by address; behind a proxy set `trust proxy`.
app.post('/webhooks', rateLimit({ windowMs: 60_000, limit: 600 }), toExpress(receiver))

app.use(express.json())
app.get('/', (_request, response) => {
  response.send('up')
})
