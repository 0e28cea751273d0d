import type { ValidationIssue, WebhookErrorCode, WebhookEvent } from '@posthorn/schema'

/** The status of each refusal. */
export const refusalStatus = Object.freeze({
  missing_header: 400,
  malformed_header: 400,
  duplicate_header: 400,
  timestamp_too_old: 400,
  timestamp_too_new: 400,
  body_aborted: 400,
  malformed_json: 400,
  signature_mismatch: 401,
  method_not_allowed: 405,
  duplicate_in_flight: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  invalid_envelope: 422,
  invalid_data: 422,
  unsupported_version: 422,
  id_reused: 422,
  body_not_raw: 500,
  config: 500,
  handler_failed: 500,
  handler_retry: 500,
  lease_lost: 500,
  secrets_unavailable: 503,
  store_unavailable: 503,
} as const) satisfies Partial<Record<WebhookErrorCode, number>>

/** Why a request was not accepted; also the `code` of the reply's body. */
export type RefusalCode = keyof typeof refusalStatus

export interface Refusal {
  readonly kind: 'refused'
  readonly code: RefusalCode
  /** Set once the signature was verified. */
  readonly messageId?: string | undefined
  /** Set once the envelope was read. */
  readonly type?: string | undefined
  /** What the handler, store, schema or secret provider threw. Never part of the reply. */
  readonly cause?: unknown
  /** Where the envelope or the data is wrong. Never part of the reply. */
  readonly issues?: readonly ValidationIssue[] | undefined
  readonly retryAfterMs?: number | undefined
  /** What to change here, for the log. */
  readonly fix?: string | undefined
}

/** What became of a request. */
export type ReceiveOutcome =
  /** Every handler of its type succeeded. */
  | { readonly kind: 'handled'; readonly messageId: string; readonly event: WebhookEvent }
  /** Kept by an inbox, which handles it later. */
  | { readonly kind: 'accepted'; readonly messageId: string; readonly event: WebhookEvent }
  /** Handled before; no handler ran. */
  | { readonly kind: 'duplicate'; readonly messageId: string; readonly type: string }
  /** With the option `order`: an event of its key that is as new was handled before; what this one's handlers wrote, if they ran, is undone. */
  | { readonly kind: 'stale'; readonly messageId: string; readonly event: WebhookEvent }
  /** No handler takes its type: acknowledged and not remembered, so that a later replay runs. */
  | { readonly kind: 'unknown_type'; readonly messageId: string; readonly event: WebhookEvent }
  | Refusal

/** The answer to a request, as plain data. */
export interface ReceiveResult {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** `{"code":"…"}`, or empty with status 204 and for HEAD. Never an error's text. */
  readonly body: string
  /** For programs and tests; not part of the reply. */
  readonly outcome: ReceiveOutcome
}
