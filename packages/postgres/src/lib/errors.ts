import { WebhookError } from '@posthorn/schema'

/** SQLSTATE classes and codes after which the same call may succeed soon: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const busyStates =
  /^(08...|40001|40P01|53...|55P03|55006|57014|57P0[1-5]|25006|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT)$/
/** What drivers say without a code when the connection is gone. */
const busyMessages =
  /connection terminated|timeout exceeded when trying to connect|connection (was )?closed|not queryable|server closed the connection|query read timeout/i
/** Schema, table, function or column not there. */
const missingStates = /^(3F000|42P01|42883|42703)$/
const endedMessages = /pool after calling end|PGlite is closed/i

/** Raised by the migration. */
const TOO_NEW = 'PH001'
const CHANGED = 'PH002'
/** Raised where a statement has to see what was committed since it began. */
const ISOLATED = 'PH003'

/** Turns whatever a client threw into a `WebhookError` with the client's error as `cause`. */
export function toStoreError(error: unknown): WebhookError {
  if (WebhookError.is(error)) return error
  const [code, message] = [textOf(error, 'code'), textOf(error, 'message')]
  if (code === TOO_NEW) return new WebhookError('store_too_new', message, { cause: error })
  if (code === CHANGED || code === ISOLATED)
    return new WebhookError('store_failed', message, { cause: error })
  if (endedMessages.test(message)) return storeClosed(error)
  if (missingStates.test(code)) return notMigrated(error)
  if (busyStates.test(code) || (code === '' && busyMessages.test(message))) return busy(error)
  return new WebhookError('store_failed', 'The Postgres database failed. The cause says why.', {
    cause: error,
  })
}

export function storeClosed(cause?: unknown): WebhookError {
  return new WebhookError('store_closed', 'The store or its client was closed. Open a new one.', {
    ...(cause === undefined ? {} : { cause }),
  })
}

function busy(cause: unknown): WebhookError {
  return new WebhookError(
    'store_busy',
    'The database cannot be reached or is busy just now. Try again in a moment.',
    { cause },
  )
}

function notMigrated(cause: unknown): WebhookError {
  return new WebhookError(
    'store_not_migrated',
    'The tables of this version are not there. Call migrate() once before use.',
    { cause },
  )
}

function textOf(error: unknown, name: 'code' | 'message'): string {
  if (typeof error !== 'object' || error === null) return ''
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : ''
}
