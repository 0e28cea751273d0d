import { type Envelope, type EnvelopeResult, envelopes, type WebhookEvent } from '@posthorn/schema'
import { isObject } from '../envelope/guard'

export type Payload = Readonly<Record<string, unknown>>
type Own = (name: string) => unknown

/** The event's data with the vendor's own fields laid over it. Data that is no object has no place in such a payload. */
export function payloadOf(data: unknown, fields: Payload): Payload {
  return isObject(data) ? { ...data, ...fields } : fields
}

/** Reads an object; whatever else a peer sent is told what it should have been. */
export function readPayload(
  json: unknown,
  read: (own: Own, payload: Payload) => Partial<WebhookEvent>,
): EnvelopeResult {
  if (!isObject(json)) return envelopes.standard.decode(json)
  // Own fields only: a polluted prototype must not complete a payload.
  const own = (name: string) => (Object.hasOwn(json, name) ? json[name] : undefined)
  return envelopes.standard.decode(read(own, json))
}

/** Of a text in ISO 8601. */
export function unixSeconds(timestamp: string): number {
  return Math.floor(Date.parse(timestamp) / 1_000)
}

/** ISO 8601; undefined for what is no moment between 1970 and 9999. */
export function isoTime(seconds: unknown): string | undefined {
  const isMoment = typeof seconds === 'number' && seconds >= 0 && seconds < 253_402_300_800
  return isMoment ? new Date(seconds * 1_000).toISOString() : undefined
}

/** Empty for what is no text: neither an id nor a type nor a time. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Ours, as the vendor's payload has none: a field of that name that is no number is the vendor's, and means nothing here. */
export function versionOf(own: Own): Pick<Partial<WebhookEvent>, 'version'> {
  const version = own('version')
  return typeof version === 'number' ? { version } : {}
}

/** A body that is the data alone. */
export const bare: Pick<Envelope, 'encode' | 'decode'> = {
  encode: envelopes.raw.encode,
  decode: envelopes.raw.decode,
}
