import { createTestEvent, signTestRequest } from '@posthorn/receiver/testing'
import { expect, it } from 'vitest'
import { POST } from '../app/webhooks/[tenant]/route'
import { completed, events } from './webhooks'

const secret = `whsec_${btoa('k'.repeat(32))}`
process.env.WEBHOOK_SECRET = secret
const event = createTestEvent(events, 'run.completed')

it('takes note of a completed run', async () => {
  const init = await signTestRequest(event, { secret })
  const request = new Request('http://localhost/webhooks/acme', init)
  const response = await POST(request, { params: Promise.resolve({ tenant: 'acme' }) })
  expect([response.status, completed]).toEqual([200, ['run_1']])
})
