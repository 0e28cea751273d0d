import { once } from 'node:events'
import { request as ask } from 'node:http'
import { createTestEvent, signTestRequest } from '@posthorn/receiver/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { app } from './app'
import { completed, events } from './webhooks'

const secret = `whsec_${btoa('k'.repeat(32))}`
process.env.WEBHOOK_SECRET = secret
const event = createTestEvent(events, 'run.completed')
let origin = ''

beforeAll(async () => {
  origin = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => app.close())

it('takes note of a completed run', async () => {
  const { headers, body } = await signTestRequest(event, { secret })
  const payload = Buffer.from(body)
  const response = await app.inject({ method: 'POST', url: '/webhooks', headers, payload })
  expect([response.statusCode, completed]).toEqual([200, ['run_1']])
})

it('limits a caller before it reads the body', async () => {
  const url = `${origin}/webhooks`
  const one = async () => (await fetch(url, { method: 'POST' })).text()
  for (let count = 0; count < 600; count += 50) await Promise.all(Array.from({ length: 50 }, one))
  const request = ask(url, { method: 'POST', headers: { 'content-length': 9 } })
  request.flushHeaders()
  const [response] = await once(request, 'response')
  expect([response.statusCode, response.headers['retry-after']]).toEqual([
    429,
    expect.stringMatching(/^\d+$/),
  ])
  request.on('error', () => {}).destroy()
}, 30_000)
