type SenderCode =
  | 'unknown_event_type'
  | 'invalid_data'
  | 'invalid_event'
  | 'payload_too_large'
  | 'not_serializable'
  | 'invalid_url'
  | 'forbidden_address'
  | 'invalid_endpoint'
  | 'invalid_filter'
  | 'invalid_header'
  | 'invalid_argument'
  | 'endpoint_not_found'
  | 'delivery_not_found'
  | 'event_not_found'
  | 'secret_not_found'
  | 'invalid_secret'
  | 'too_many_secrets'
  | 'replay_refused'
  | 'cancel_refused'
  | 'idempotency_conflict'
  | 'sender_stopped'

type StoreCode =
  | 'store_busy'
  | 'store_closed'
  | 'store_not_migrated'
  | 'store_too_new'
  | 'store_failed'
  | 'driver_not_found'

/** These are also the `code` of a receiver's replies. */
type ReceiverCode =
  | 'missing_header'
  | 'malformed_header'
  | 'duplicate_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'signature_mismatch'
  | 'body_too_large'
  | 'body_not_raw'
  | 'body_aborted'
  | 'unsupported_media_type'
  | 'method_not_allowed'
  | 'malformed_json'
  | 'invalid_envelope'
  | 'unsupported_version'
  | 'id_reused'
  | 'duplicate_in_flight'
  | 'handler_failed'
  | 'handler_retry'
  | 'store_unavailable'
  | 'secrets_unavailable'
  | 'lease_lost'

/** Every code a `WebhookError` can carry. Codes are stable: they are added, never renamed. */
export type WebhookErrorCode = SenderCode | StoreCode | ReceiverCode | 'config'

export interface WebhookErrorOptions {
  readonly cause?: unknown
  /** Machine-readable facts. Never a secret, never a body. */
  readonly details?: Readonly<Record<string, unknown>>
}

const brand = Symbol.for('posthorn.WebhookError')

/**
 * The one error class of Posthorn. Tell errors apart by `code`; the message is for people and may change.
 *
 * Recognised by a `Symbol.for` brand, so `instanceof` also holds between the ESM and the CommonJS copy.
 *
 * @example
 * if (WebhookError.is(error, 'unknown_event_type')) return reply(400)
 */
export class WebhookError extends Error {
  static {
    Object.defineProperty(WebhookError.prototype, brand, { value: true })
    Object.defineProperty(WebhookError.prototype, 'name', {
      value: 'WebhookError',
      writable: true,
      configurable: true,
    })
    Object.defineProperty(WebhookError, Symbol.hasInstance, { value: hasInstance })
  }

  readonly code: WebhookErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: WebhookErrorCode, message: string, options: WebhookErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = Object.freeze({ ...options.details })
  }

  /** Whether `value` is a `WebhookError` of any copy of this package, and of this `code` if one is given. */
  static is(value: unknown, code?: WebhookErrorCode): value is WebhookError {
    if (!isBranded(value)) return false
    return code === undefined || ('code' in value && value.code === code)
  }

  /** For logs: no stack and no cause, which may hold what a log must not. */
  toJSON(): {
    name: string
    code: WebhookErrorCode
    message: string
    details: Readonly<Record<string, unknown>>
  } {
    return { name: this.name, code: this.code, message: this.message, details: this.details }
  }
}

/** `instanceof` by brand; a subclass, which has no brand of its own, must not claim every WebhookError. */
function hasInstance(this: { readonly prototype: object }, value: unknown): boolean {
  if (Object.hasOwn(this.prototype, brand)) return isBranded(value)
  return Function.prototype[Symbol.hasInstance].call(this, value)
}

function isBranded(value: unknown): value is object {
  return typeof value === 'object' && value !== null && brand in value
}
