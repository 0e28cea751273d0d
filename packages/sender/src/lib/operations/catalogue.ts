import { defineEvents } from '@posthorn/schema'
import { z } from 'zod'

const delivery = z.object({
  tenantId: z.string(),
  deliveryId: z.string(),
  endpointId: z.string(),
  eventId: z.string(),
  eventType: z.string(),
})
const endpoint = z.object({ tenantId: z.string(), endpointId: z.string() })
const attempts = z.int().describe('How often it was taken up so far.')

/**
 * What `createSender({ operations })` tells about deliveries and endpoints, as events that a receiver handles by type. No payload, URL or
 * secret is in any of them. Reasons and outcomes are text, since a later version may add some.
 *
 * @example
 * ```ts
 * import { createReceiver, fromEnv } from '@posthorn/receiver'
 * import { memoryIdempotency } from '@posthorn/receiver/memory'
 * import { operationsEvents } from '@posthorn/sender/operations'
 *
 * const receiver = createReceiver({
 *   events: operationsEvents,
 *   secrets: fromEnv('OPERATIONS_WEBHOOK_SECRET'),
 *   idempotency: { store: memoryIdempotency(), source: 'posthorn' },
 * })
 * receiver.on('endpoint.disabled', async ({ data }) => console.warn(data.tenantId, data.reason))
 * ```
 */
export const operationsEvents = defineEvents({
  'delivery.attempted': {
    description: 'A request was made, whatever came of it.',
    schema: delivery.extend({
      attempt: z.int(),
      outcome: z.string().describe('`success`, `http`, `timeout`, `dns`, `network`, …'),
      status: z.int().optional(),
      durationMs: z.number(),
      error: z.object({ code: z.string() }).optional(),
    }),
  },
  'delivery.retrying': {
    description: 'An attempt failed, and another will be made.',
    schema: delivery.extend({ attempts, retryInMs: z.number() }),
  },
  'delivery.succeeded': {
    description: 'The endpoint answered 2xx.',
    schema: delivery.extend({ attempts }),
  },
  'delivery.failed': {
    description: 'No further attempt will be made: `exhausted`, `gone`, …',
    schema: delivery.extend({ attempts, reason: z.string() }),
  },
  'delivery.skipped': {
    description: 'Its endpoint was disabled when it came due.',
    schema: delivery.extend({ reason: z.string() }),
  },
  'delivery.replayed': {
    description: 'A new delivery of an old event was asked for, by `replay` or `recover`.',
    schema: delivery.extend({
      replayOf: z.string().optional().describe('The delivery it repeats, where there was one.'),
      as: z.string().describe('`same` message id, or a `new` one.'),
    }),
  },
  'endpoint.failing': {
    description: 'A healthy endpoint failed.',
    schema: endpoint,
  },
  'endpoint.recovered': {
    description: 'A failing endpoint answered 2xx.',
    schema: endpoint,
  },
  'endpoint.disabled': {
    description: 'It failed for too long, answered 410, or asked for it.',
    schema: endpoint.extend({ reason: z.string() }),
  },
})
