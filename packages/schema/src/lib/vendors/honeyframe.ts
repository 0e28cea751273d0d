import { defineEvents, type Envelope, envelopes, type Scheme } from '@posthorn/schema'
import { z } from 'zod'
import { hexOfBody } from './hex-of-body'

const open = z.looseObject({})

const events = defineEvents({
  'dataset.updated': { schema: open, example: { dataset: { id: 'ds_1', rows: 1_200 } } },
  'recipe.run.failed': {
    schema: open,
    example: { recipe: { id: 'rec_1' }, run: { id: 'run_1', error: 'No such column' } },
  },
  'dashboard.published': { schema: open, example: { dashboard: { id: 'dash_1', version: 4 } } },
  'audit.security_event': {
    schema: open,
    example: { actor: 'user_1', action: 'api_key.created' },
  },
})

/**
 * Honeyframe's subscriptions.
 *
 * - `scheme`: `X-Honeyframe-Signature`, hex of the body; the key is the text of the subscription's secret. Covers neither id nor time: anyone who
 *   saw a request can send it again.
 * - `envelope`: Honeyframe names none, so it is the standard one. The id is in the signed body, so deduplicate by it:
 *   `idempotency: { key: (event) => event.id, … }`.
 * - `events`: the types it names; their data may hold anything.
 */
export const honeyframe: {
  readonly scheme: Scheme
  readonly envelope: Envelope
  readonly events: typeof events
} = Object.freeze({
  scheme: hexOfBody('honeyframe'),
  envelope: envelopes.standard,
  events,
})
