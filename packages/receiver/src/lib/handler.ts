import { type Duration, parseDuration, WebhookError, type WebhookEvent } from '@posthorn/schema'
import type { Logger } from './ports/logger'
import type { HeaderLookup, Params } from './request'

/** What a handler is given beside the event. */
export interface HandlerContext {
  /** Stable over retries and replays, unless a replay asked for a new one. Use it as the key of what the handler does. */
  readonly messageId: string
  /**
   * Aborted, with a `WebhookError` `lease_lost`, when another process may have taken the message over: stop, and leave no further effect.
   * Never aborted without idempotency, or for `dispatch`.
   */
  readonly signal: AbortSignal
  /** When the request was signed, in unix seconds; absent when the scheme does not sign a time. */
  readonly signedAt?: number
  /** Which of the configured secrets matched: its place, and its id if it has one. Absent for `dispatch`. */
  readonly secretIndex?: number
  readonly secretId?: string
  /** The request's headers. Beyond those of the signature, nobody vouches for them. */
  readonly headers: HeaderLookup
  /** Placeholders of the route. Not signed. */
  readonly params: Params
  readonly logger: Logger
}

/** In transactional mode, over a database whose clients await (Postgres). */
export interface TransactionContext<Tx> extends HandlerContext {
  /**
   * An open transaction. What the handler writes through it commits together with the record that the message was handled; when the handler
   * throws or the claim was lost, neither is there. Committing, rolling back and waiting for long are not the handler's to do.
   */
  readonly tx: Tx
}

/** In transactional mode, over a database that is synchronous (SQLite). */
export interface CommitContext<Tx> extends HandlerContext {
  /**
   * Keeps `work` until the handlers are done. Then all such functions run, in order and synchronously, in one transaction with the record that
   * the message was handled. When one throws, or the claim was lost, nothing of it is there. The handler itself may await as it likes.
   *
   * @throws TypeError once the handlers are done.
   */
  onCommit(work: (tx: Tx) => void): void
}

/** Handles one event. Returning acknowledges it for good; throwing asks the sender to try again. */
export type Handler<Event = WebhookEvent, Context extends HandlerContext = HandlerContext> = (
  event: Event,
  context: Context,
) => unknown

/**
 * For a handler that cannot do its work yet: `throw retryLater('30s')`. The reply is 500 `handler_retry` with `Retry-After`.
 *
 * @throws TypeError when `delay` is not a duration.
 */
export function retryLater(delay: Duration, options: { cause?: unknown } = {}): WebhookError {
  const retryAfterMs = parseDuration(delay, 'retryLater')
  return new WebhookError('handler_retry', `The handler asked to be called again in ${delay}.`, {
    ...options,
    details: { retryAfterMs },
  })
}

/** The delay that `retryLater` asked for, whichever copy of the package made the error. */
export function retryAfterOf(error: unknown): number | undefined {
  if (!WebhookError.is(error, 'handler_retry')) return undefined
  const { retryAfterMs } = error.details
  return typeof retryAfterMs === 'number' ? retryAfterMs : undefined
}
