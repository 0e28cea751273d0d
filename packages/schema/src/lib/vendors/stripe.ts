import { defineEnvelope, defineScheme, type Envelope, type Scheme } from '@posthorn/schema'
import { isoTime, payloadOf, readPayload, text, unixSeconds } from './payload'

/**
 * Stripe (https://docs.stripe.com/webhooks#verify-manually).
 *
 * - `scheme`: `Stripe-Signature: t=…,v1=…`, hex of `<t>.<body>`; the key is the whole `whsec_…` text, not what it decodes to. Covers the
 *   time, not an id: the event's id is in the signed body.
 * - `envelope`: the Event object. `data` is the whole of it, as Stripe's own types describe it; id, type and time are read from it.
 */
export const stripe: { readonly scheme: Scheme; readonly envelope: Envelope } = Object.freeze({
  scheme: defineScheme({
    name: 'stripe',
    headers: { signature: 'stripe-signature' },
    signed: '{timestamp}.{body}',
    layout: { kind: 'fields', timestamp: 't', signature: 'v1' },
    encoding: 'hex',
    key: 'utf8',
  }),
  envelope: defineEnvelope({
    name: 'stripe',
    encode: ({ id, type, timestamp, data }) =>
      payloadOf(data, { id, object: 'event', created: unixSeconds(timestamp), type }),
    decode: (json) =>
      readPayload(json, (own, data) => ({
        id: text(own('id')),
        type: text(own('type')),
        timestamp: isoTime(own('created')) ?? '',
        data,
      })),
  }),
})
