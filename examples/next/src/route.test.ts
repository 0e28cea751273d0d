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

it('limits a caller before it reads the body', async () => {
  const ask = (body?: ReadableStream) => {
    const headers = { 'x-forwarded-for': '192.0.2.1' }
    const init = { method: 'POST', headers, body, duplex: 'half' as const }
    const request = new Request('http://localhost/webhooks/acme', init)
    return POST(request, { params: Promise.resolve({ tenant: 'acme' }) })
  }
  for (let count = 0; count < 600; count += 1) expect((await ask()).status).toBe(400)
  let wasRead = false
  const source = {
    pull() {
      wasRead = true
    },
  }
  const response = await ask(new ReadableStream(source, { highWaterMark: 0 }))
  expect([response.status, response.headers.get('retry-after'), wasRead]).toEqual([
    429,
    expect.stringMatching(/^\d+$/),
    false,
  ])
})
