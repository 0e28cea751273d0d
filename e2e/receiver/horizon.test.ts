import { createReceiver } from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { createTestEvent, deliver, fakeClock } from '@posthorn/receiver/testing'
import { defineEvents } from '@posthorn/schema'
import { retrySchedules } from '@posthorn/sender'
import { expect, it } from 'vitest'
import { z } from 'zod'

const secret = `whsec_${btoa('h'.repeat(32))}`
const events = defineEvents({ 'run.completed': { schema: z.object({}), example: {} } })

it.each(Object.entries(retrySchedules))(
  'a receiver still knows a message when the schedule %s sends it for the last time',
  async (_name, { maxAge }) => {
    const clock = fakeClock()
    const idempotency = { store: memoryIdempotency(), source: 'a' }
    const receiver = createReceiver({ events, secrets: secret, clock, idempotency })
    receiver.on('run.completed', () => {})
    const event = createTestEvent(events, 'run.completed')
    const send = () => deliver(receiver, event, { secret, at: new Date(clock.now()) })
    expect((await send()).body).toBe('{"code":"handled"}')
    await clock.advance(maxAge ?? '5d')
    expect((await send()).body).toBe('{"code":"duplicate"}')
  },
)
