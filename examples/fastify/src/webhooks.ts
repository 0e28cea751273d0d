import { createReceiver, fromEnv } from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { defineEvents } from '@posthorn/schema'
import { z } from 'zod'

export const events = defineEvents({
  'run.completed': {
    schema: z.object({ runId: z.string(), durationMs: z.number().int() }),
    example: { runId: 'run_1', durationMs: 1200 },
  },
})

/** In memory for the example's sake: use a store that outlives the process, as @posthorn/sqlite's. */
export const receiver = createReceiver({
  events,
  secrets: fromEnv('WEBHOOK_SECRET'),
  idempotency: { store: memoryIdempotency(), source: 'workflows' },
})

export const completed: string[] = []

receiver.on('run.completed', async (event) => {
  completed.push(event.data.runId)
})
