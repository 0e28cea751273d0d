import { defineEvents } from '@posthorn/schema'
import { z } from 'zod'

export const events = defineEvents({
  'run.completed': z.object({
    runId: z.string(),
    durationMs: z.number().int(),
    steps: z.array(
      z.object({
        name: z.string(),
        status: z.enum(['succeeded', 'failed']),
        durationMs: z.number(),
      }),
    ),
    note: z.string(),
  }),
})
