import { toExpress } from '@posthorn/receiver/express'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import { handOff, type JobQueue } from './hand-off'
import { completed } from './webhooks'

export function createApp(queue: JobQueue) {
  const app = express()
  app.post('/webhooks', rateLimit({ windowMs: 60_000, limit: 600 }), toExpress(handOff(queue)))
  app.get('/', (_request, response) => {
    response.send('up')
  })
  app.get('/completed', (_request, response) => {
    response.json(completed)
  })
  return app
}
