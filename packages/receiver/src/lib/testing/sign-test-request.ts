import {
  type Envelope,
  encodeJson,
  envelopes,
  type Scheme,
  schemes,
  signHeaders,
} from '@posthorn/schema'
import type { DispatchEvent } from '../receiver'

/** A request as plain data. `fetch(url, request)` takes it, and so does `receiver.receive`. */
export interface TestRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

export interface SignOptions {
  /** One secret, or several: each signs. */
  readonly secret: string | readonly string[]
  /** Default `schemes.standard`. */
  readonly scheme?: Scheme
  /** Default `envelopes.standard`. */
  readonly envelope?: Envelope
  /** When it is signed: a `Date`, ISO 8601, or unix seconds. Default: now, by the machine's clock. */
  readonly at?: Date | string | number
  /** Default: the event's id. */
  readonly messageId?: string
  /** Default `http://localhost/webhooks`. */
  readonly url?: string
  /** Changes the request after it was signed, as an attacker or a proxy would. */
  readonly mutate?: (request: TestRequest) => Partial<TestRequest>
}

/**
 * The request that a sender would make of an event.
 *
 * @throws WebhookError `invalid_secret`, `invalid_argument`, `not_serializable`
 * @example
 * const request = await signTestRequest(event, { secret })
 * await fetch(url, request)
 */
export async function signTestRequest(
  event: DispatchEvent,
  options: SignOptions,
): Promise<TestRequest> {
  const { scheme = schemes.standard, envelope = envelopes.standard } = options
  const json = encodeJson(envelope.encode({ ...event, version: event.version ?? 1 }))
  const body = new TextEncoder().encode(json)
  const message = { id: options.messageId ?? event.id, timestamp: unixSeconds(options.at), body }
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret
  const signed = await signHeaders(scheme, message, secrets)
  const request: TestRequest = {
    method: 'POST',
    url: options.url ?? 'http://localhost/webhooks',
    headers: { 'content-type': 'application/json', ...signed },
    body,
  }
  return { ...request, ...options.mutate?.(request) }
}

/** @throws TypeError when `at` is not a time */
export function unixSeconds(at: Date | string | number = new Date()): number {
  const seconds = typeof at === 'number' ? at : new Date(at).getTime() / 1_000
  if (Number.isFinite(seconds)) return Math.floor(seconds)
  throw new TypeError('signTestRequest: at must be a Date, ISO 8601, or unix seconds')
}
