import { defineEnvelope, defineScheme, type Envelope, type Scheme } from '@posthorn/schema'
import { isObject } from '../envelope/guard'
import { isoTime, payloadOf, readPayload, text, unixSeconds } from './payload'

/**
 * Slack's Events API (https://docs.slack.dev/authentication/verifying-requests-from-slack).
 *
 * - `scheme`: `X-Slack-Signature: v0=…` beside `X-Slack-Request-Timestamp`, hex of `v0:<time>:<body>`. Covers the time, not an id: the event's
 *   id is in the signed body.
 * - `envelope`: `event_callback`. `data` is the whole payload; the type is that of the event inside it (`app_mention`).
 *
 * Slash commands and interactions are forms, not JSON: verify them with `verifySignature` alone. `url_verification` has to be answered with its
 * `challenge`, before the receiver.
 */
export const slack: { readonly scheme: Scheme; readonly envelope: Envelope } = Object.freeze({
  scheme: defineScheme({
    name: 'slack',
    headers: { signature: 'x-slack-signature', timestamp: 'x-slack-request-timestamp' },
    signed: 'v0:{timestamp}:{body}',
    layout: { kind: 'single', prefix: 'v0=' },
    encoding: 'hex',
    key: 'utf8',
  }),
  envelope: defineEnvelope({
    name: 'slack',
    encode: ({ id, type, timestamp, data }) =>
      payloadOf(data, {
        type: 'event_callback',
        event_id: id,
        event_time: unixSeconds(timestamp),
        event: { ...inner(data), type },
      }),
    decode: (json) =>
      readPayload(json, (own, data) => ({
        id: text(own('event_id')),
        type: text(inner(data).type),
        timestamp: isoTime(own('event_time')) ?? '',
        data,
      })),
  }),
})

function inner(payload: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(payload) || !Object.hasOwn(payload, 'event')) return {}
  return isObject(payload.event) ? payload.event : {}
}
