import { defineEnvelope, type Envelope, type Scheme } from '@posthorn/schema'
import { events } from './aetherflow-events'
import { hexOfBody } from './hex-of-body'
import { readPayload, text, versionOf } from './payload'

/**
 * AetherFlow.
 *
 * - `scheme`: `X-AetherFlow-Signature`, hex of the body. Covers neither id nor time: anyone who saw a request can send it again.
 * - `envelope`: `{ event, id, timestamp, data }`. The id is in the signed body, so deduplicate by it:
 *   `idempotency: { key: (event) => event.id, … }`.
 * - `events`: its twelve types.
 */
export const aetherflow: {
  readonly scheme: Scheme
  readonly envelope: Envelope
  readonly events: typeof events
} = Object.freeze({
  scheme: hexOfBody('aetherflow'),
  envelope: defineEnvelope({
    name: 'aetherflow',
    encode: ({ id, type, timestamp, version, data }) =>
      version === 1
        ? { event: type, id, timestamp, data }
        : { event: type, id, timestamp, version, data },
    decode: (json) =>
      readPayload(json, (own) => ({
        id: text(own('id')),
        type: text(own('event')),
        timestamp: text(own('timestamp')),
        ...versionOf(own),
        data: own('data'),
      })),
  }),
  events,
})
