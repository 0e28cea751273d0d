import { createTestEvent, signTestRequest } from '@posthorn/receiver/testing'
import { expect, it } from 'vitest'
import { app } from './app'
import { completed, events } from './webhooks'

const secret = `whsec_${btoa('k'.repeat(32))}`
process.env.WEBHOOK_SECRET = secret
const event = createTestEvent(events, 'run.completed')

it('takes note of a completed run', async () => {
  const { headers, body } = await signTestRequest(event, { secret })
  const payload = Buffer.from(body)
  const response = await app.inject({ method: 'POST', url: '/webhooks', headers, payload })
  expect([response.statusCode, completed]).toEqual([200, ['run_1']])
})
