import type { Envelope, Scheme, WebhookEvent } from '@posthorn/schema'
import type { TestRequest } from '../sign-test-request'

/** One request that an endpoint has to answer well. */
export interface Attack {
  /** What was done to it. Unique within a corpus. */
  readonly name: string
  readonly request: TestRequest
  /**
   * - `accepted`: 2xx. It is as it should be.
   * - `refused`: 4xx. Not signed as it came, or not to be read.
   * - `survived`: anything below 500. Signed and odd: take it or leave it, but do not fail on it.
   */
  readonly expect: 'accepted' | 'refused' | 'survived'
}

/** What an attack is made of. */
export interface Target {
  readonly scheme: Scheme
  readonly envelope: Envelope
  readonly secret: string
  readonly event: WebhookEvent
  /** Unix seconds. */
  readonly now: number
  readonly url: string
  /** A good request. */
  readonly good: TestRequest
  /** The header that holds the signature, what stands before the digest in it, and the digest. */
  readonly signature: { readonly header: string; readonly prefix: string; readonly digest: string }
  /** A request with these bytes, well signed. */
  sign(
    body: Uint8Array<ArrayBuffer> | string,
    change?: { readonly at?: number; readonly secret?: string },
  ): Promise<TestRequest>
  /** A fresh event as JSON text in the envelope. */
  json(change?: Partial<WebhookEvent>): string
}

export type Make = (target: Target) => readonly Attack[] | Promise<readonly Attack[]>

export function refused(name: string, request: TestRequest): Attack {
  return { name, request, expect: 'refused' }
}

/** The request with other headers; `undefined` takes one away. */
export function withHeaders(
  request: TestRequest,
  change: Readonly<Record<string, string | undefined>>,
): TestRequest {
  const entries = Object.entries({ ...request.headers, ...change })
  const headers = entries.filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...request, headers: Object.fromEntries(headers) }
}
