import type { Duration } from '@posthorn/schema'

/** What goes wrong with one request. */
export type Fault =
  /** The answer comes from something in front of the receiver, which never sees the request. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
    }
  /** Nothing ever answers. */
  | { readonly kind: 'hang' }
  /** The receiver gets the request late. */
  | { readonly kind: 'slow'; readonly by: Duration }
  /** The receiver handles the request, and its answer's body breaks off after the headers. */
  | { readonly kind: 'truncate' }
  /** The connection is reset before the request reaches the receiver. */
  | { readonly kind: 'reset' }
  /** The receiver handles the request, and the connection is reset before its answer arrives. */
  | { readonly kind: 'lose-answer' }

/**
 * Plans faults for the next requests, one each, in the order they are planned. After the last one all goes well again.
 *
 * @example
 * ```ts
 * import { createTestbed } from '@posthorn/testkit'
 *
 * const bed = await createTestbed()
 * bed.faults.fail(2, 503).tooManyRequests('2m').hang()
 * ```
 */
export interface Faults {
  /** `times` answers of `status`. Default once, 500. */
  fail(times?: number, status?: number): Faults
  /** 410 Gone: the endpoint is disabled. */
  gone(): Faults
  /** 429 with `Retry-After`, in whole seconds. */
  tooManyRequests(retryAfter: Duration): Faults
  hang(times?: number): Faults
  slow(by: Duration): Faults
  truncate(): Faults
  reset(times?: number): Faults
  /** The receiver handles the message, and the sender never learns of it: the way to a duplicate. */
  loseAnswer(times?: number): Faults
  /** Forgets what is planned and has not happened yet. */
  clear(): Faults
}
