import { createTestEvent, deliver } from '@posthorn/receiver/testing'
import { expect, it } from 'vitest'
import { handOff } from './hand-off'
import { completed, events, receiver } from './webhooks'

const secret = `whsec_${btoa('k'.repeat(32))}`
process.env.WEBHOOK_SECRET = secret
const event = createTestEvent(events, 'run.completed')

it('takes note of a completed run', async () => {
  await receiver.dispatch(event)
  expect(completed).toEqual(['run_1'])
})

it('answers 202 once the job is added, under an id made of the message id', async () => {
  const jobs: unknown[] = []
  const queue = { add: async (...job: unknown[]) => jobs.push(job) }
  expect((await deliver(handOff(queue), event, { secret })).status).toBe(202)
  expect(jobs).toEqual([['run.completed', event, { jobId: `workflows-${event.id}` }]])
})

it('answers 503 when the job could not be added', async () => {
  const queue = { add: () => Promise.reject(new Error('Redis is down')) }
  expect((await deliver(handOff(queue), event, { secret })).status).toBe(503)
})
