/** What is signed. */
export interface SignedMessage {
  /** `[A-Za-z0-9_-]{1,128}`. */
  readonly id: string
  /** Unix seconds, whole. */
  readonly timestamp: number
  /** The very bytes that are sent. */
  readonly body: Uint8Array
}

/**
 * A request's headers: a `Headers`, or an object of names in any case, as Node's `req.headers`. An array with more
 * than one value is a doubled header.
 */
export type HeaderBag =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

export interface VerifyRequest {
  readonly headers: HeaderBag
  /** The bytes received, before any decoding or parsing. */
  readonly body: Uint8Array
}

export interface VerifyOptions {
  /** Unix seconds. */
  readonly now: number
  /** In seconds, both ends included. `300` either way is usual. */
  readonly tolerance: { readonly past: number; readonly future: number }
}

export interface VerifyFailure {
  readonly ok: false
  readonly code:
    | 'missing_header'
    | 'duplicate_header'
    | 'malformed_header'
    | 'timestamp_too_old'
    | 'timestamp_too_new'
    | 'signature_mismatch'
}

export type VerifyResult =
  | {
      readonly ok: true
      /** The signed message id; undefined if the scheme does not cover one. */
      readonly id: string | undefined
      /** The signed time in unix seconds; undefined if the scheme does not cover one. */
      readonly timestamp: number | undefined
      /** Which of the secrets it was. */
      readonly secretIndex: number
    }
  | VerifyFailure

export interface Sign {
  (message: SignedMessage, secrets: readonly string[]): Promise<Record<string, string>>
  /**
   * The same without a promise where the platform's cryptography needs none (HMAC of `node:crypto`). May throw the caller's mistake in
   * place of rejecting with it. A part of the function, so that one put in its place is never passed by.
   */
  readonly atOnce?: (
    message: SignedMessage,
    secrets: readonly string[],
  ) => Record<string, string> | Promise<Record<string, string>>
}

export interface Verify {
  (
    request: VerifyRequest,
    secrets: readonly string[],
    options: VerifyOptions,
  ): Promise<VerifyResult>
  /**
   * The same without a promise where the platform's cryptography needs none (`node:crypto`). May throw the caller's
   * mistake in place of rejecting with it. A part of the function, so that one put in its place is never passed by.
   */
  readonly atOnce?: (
    request: VerifyRequest,
    secrets: readonly string[],
    options: VerifyOptions,
  ) => VerifyResult | Promise<VerifyResult>
}

/**
 * How a request is signed: headers, signed string, encoding, key rule.
 *
 * What a peer sends is answered with a value. What the caller gets wrong rejects with a `WebhookError`:
 * `invalid_secret`, `invalid_argument`, `too_many_secrets`, or `body_not_raw` for a body that is not bytes.
 */
export interface Scheme {
  readonly name: string
  /** What the signature protects beside the body. A scheme that covers neither can be replayed by anyone. */
  readonly covers: { readonly id: boolean; readonly time: boolean }
  /** The lower-case names of the headers it sets. */
  readonly headers: readonly string[]
  /**
   * Every secret signs, if the layout has room for several signatures; otherwise the first does, which is the current
   * one.
   */
  readonly sign: Sign
  readonly verify: Verify
  /**
   * For the moment a secret is configured.
   * @throws WebhookError `invalid_secret`; the secret is never in the message
   */
  checkSecret(secret: string): void
}
