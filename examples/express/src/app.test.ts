import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import { createTestEvent, signTestRequest } from '@posthorn/receiver/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { app } from './app'
import { completed, events } from './webhooks'

const secret = `whsec_${btoa('k'.repeat(32))}`
process.env.WEBHOOK_SECRET = secret
const event = createTestEvent(events, 'run.completed')
const server = createServer(app)
let url = ''

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${Object(server.address()).port}/webhooks`
})
afterAll(() => server.close().closeAllConnections())

it('takes note of a completed run', async () => {
  const { headers, body } = await signTestRequest(event, { secret })
  const response = await fetch(url, { method: 'POST', headers, body })
  expect([response.status, completed]).toEqual([200, ['run_1']])
})

it('limits a caller before it reads the body', async () => {
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
