import { createReceiver, fromEnv } from '@posthorn/receiver'
import { defineEvents } from '@posthorn/schema'
import { z } from 'zod'

export const events = defineEvents({
  'run.completed': {
    schema: z.object({ runId: z.string(), durationMs: z.number().int() }),
    example: { runId: 'run_1', durationMs: 1200 },
  },
})

/** Its handlers get what the jobs carry, by `dispatch`. */
export const receiver = createReceiver({
  events,
  secrets: fromEnv('WEBHOOK_SECRET'),
  idempotency: 'none',
})

export const completed: string[] = []

receiver.on('run.completed', async (event) => {
  completed.push(event.data.runId)
})
