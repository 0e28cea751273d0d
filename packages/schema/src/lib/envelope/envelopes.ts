import type { ValidationIssue, WebhookEvent } from '../event'
import { envelopeIssues, isEnvelope } from './guard'

/** What is known of a message from outside its body. */
export interface EnvelopeHints {
  /** The verified message id. */
  readonly id?: string
  readonly type?: string
  /** ISO 8601. For envelopes that carry no time: when it was signed, or received. */
  readonly timestamp?: string
  readonly version?: number
}

export type EnvelopeResult =
  | { readonly ok: true; readonly event: WebhookEvent }
  | { readonly ok: false; readonly issues: readonly ValidationIssue[] }

/** How an event is laid out as a body. `encode` gives a JSON value; `decode` never throws for what a peer sent. */
export interface Envelope {
  readonly name: string
  encode(event: WebhookEvent): unknown
  decode(json: unknown, hints?: EnvelopeHints): EnvelopeResult
}

/**
 * An envelope of your own. Its name is what endpoints refer to and stores keep.
 * @throws TypeError when the name or a function is missing
 */
export function defineEnvelope(envelope: Envelope): Envelope {
  const { name, encode, decode } = envelope
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)) {
    throw new TypeError('An envelope needs a name of lower-case letters, digits, "_" and "-"')
  }
  if (typeof encode !== 'function' || typeof decode !== 'function') {
    throw new TypeError(`Envelope ${name} needs the functions encode and decode`)
  }
  return Object.freeze({
    name,
    encode: (event: WebhookEvent) => envelope.encode(event),
    decode: (json: unknown, hints?: EnvelopeHints) => envelope.decode(json, hints),
  })
}

const standard = /* @__PURE__ */ defineEnvelope({
  name: 'standard',
  encode: ({ id, type, timestamp, version, data }) =>
    version === 1 ? { id, type, timestamp, data } : { id, type, timestamp, version, data },
  decode(json) {
    if (!isEnvelope(json)) return { ok: false, issues: envelopeIssues(json) }
    const { id, type, timestamp, version = 1, data } = json
    return { ok: true, event: { id, type, timestamp, version, data } }
  },
})

const raw = /* @__PURE__ */ defineEnvelope({
  name: 'raw',
  encode: (event) => event.data,
  decode(json, hints = {}) {
    const { id, type, timestamp, version } = hints
    return standard.decode({ id, type, timestamp, version, data: json })
  },
})

/**
 * The built-in envelopes: `standard` is `{ id, type, timestamp, version?, data }` (version absent = 1); `raw` is the
 * data alone, so its `decode` needs `id`, `type` and `timestamp` as hints.
 */
export const envelopes: { readonly standard: Envelope; readonly raw: Envelope } =
  /* @__PURE__ */ Object.freeze({ standard, raw })
