import { once } from 'node:events'
import { createTestEvent, signTestRequest } from '@posthorn/receiver/testing'
import { expect, it } from 'vitest'
import { app } from './app'
import { completed, events } from './webhooks'

const secret = `whsec_${btoa('k'.repeat(32))}`
process.env.WEBHOOK_SECRET = secret
const event = createTestEvent(events, 'run.completed')

it('takes note of a completed run', async () => {
  const server = app.listen(0)
  await once(server, 'listening')
  const { headers, body } = await signTestRequest(event, { secret })
  const url = `http://localhost:${Object(server.address()).port}/webhooks`
  const response = await fetch(url, { method: 'POST', headers, body })
  expect([response.status, completed]).toEqual([200, ['run_1']])
  server.close()
})
