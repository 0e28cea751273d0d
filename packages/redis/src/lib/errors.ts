import { WebhookError } from '@posthorn/schema'

/**
 * The first word of a Redis error (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors), after a dash when an older
 * Redis quotes it from a script; and what clients say.
 */
const passing =
  /(^|-)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|MOVED|ASK|UNBLOCKED) |connection|socket|timed? ?out|offline|client is closed|max ?retries/i

const codes =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|NR_CLOSED|UNCERTAIN_STATE)/

/** Names of the classes of node-redis and ioredis. */
const names =
  /^(Client(Closed|Offline)|Disconnects|Socket|ConnectionTimeout|Reconnect|Abort|Timeout|CommandTimeout|MaxRetriesPerRequest|ClusterAllFailed)/

/** Turns whatever a client rejected with into a `WebhookError` with the client's error as `cause`. */
export function toStoreError(error: unknown): WebhookError {
  if (WebhookError.is(error)) return error
  if (isPassing(error)) {
    return new WebhookError(
      'store_busy',
      'Redis cannot be reached, or does not take writes now. Try again soon.',
      { cause: error },
    )
  }
  return new WebhookError('store_failed', 'Redis failed. The cause says why.', { cause: error })
}

export function storeClosed(): WebhookError {
  return new WebhookError('store_closed', 'The store was closed. Make a new one.')
}

/** Redis has not seen the script, or forgot it: after a restart, a fail-over, SCRIPT FLUSH. */
export function isUnknownScript(error: unknown): boolean {
  return textOf(error, 'message').startsWith('NOSCRIPT')
}

function isPassing(error: unknown): boolean {
  return (
    passing.test(textOf(error, 'message')) ||
    codes.test(textOf(error, 'code')) ||
    names.test(textOf(error, 'name')) ||
    names.test(className(error))
  )
}

function className(error: unknown): string {
  return typeof error === 'object' && error !== null ? error.constructor?.name : ''
}

function textOf(error: unknown, member: 'message' | 'code' | 'name'): string {
  if (typeof error !== 'object' || error === null) return ''
  const value: unknown = Reflect.get(error, member)
  return typeof value === 'string' ? value : ''
}
