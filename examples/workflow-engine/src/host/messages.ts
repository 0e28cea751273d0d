import { z } from 'zod'
import { newRunSchema } from './runs'

/** What the host is told by the process that started it. */
export const hostCommand = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), runs: z.array(newRunSchema) }),
  z.object({ kind: z.literal('stop') }),
])
export type HostCommand = z.infer<typeof hostCommand>

const attempt = z.object({
  kind: z.literal('attempt'),
  eventId: z.string(),
  eventType: z.string(),
  number: z.int(),
  ok: z.boolean(),
  /** The status of the answer, or why there was none. */
  result: z.string(),
})
/** One request that the host made. */
export type AttemptReport = z.infer<typeof attempt>

/** What the host tells. */
export const hostReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), unfinished: z.int() }),
  attempt,
])
export type HostReport = z.infer<typeof hostReport>
