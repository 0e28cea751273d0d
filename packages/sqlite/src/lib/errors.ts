import { WebhookError } from '@posthorn/schema'
import { isRow } from './values'

/** SQLite's primary result codes for a lock that another connection or statement holds. */
const BUSY = 5
const LOCKED = 6

const nested = /(within|inside) a transaction/i
const iterating = /busy executing a query/i
const closed = /(database|connection) is (not open|closed)|statement has been finalized/i
const missing = /no such (table|column|index): |has no column named /i

/** Turns whatever a driver threw into a `WebhookError` with the driver's error as `cause`. */
export function toStoreError(error: unknown): WebhookError {
  if (WebhookError.is(error)) return error
  const message = messageOf(error)
  if (nested.test(message) || iterating.test(message)) return inHostTransaction(error)
  if (isBusy(error)) return busy(error)
  if (closed.test(message)) return storeClosed(error)
  if (missing.test(message)) return notMigrated(error)
  return new WebhookError('store_failed', 'The SQLite database failed. The cause says why.', {
    cause: error,
  })
}

export function storeClosed(cause?: unknown): WebhookError {
  return new WebhookError('store_closed', 'The store or its database was closed. Open a new one.', {
    ...(cause === undefined ? {} : { cause }),
  })
}

export function isBusy(error: unknown): boolean {
  if (!isRow(error)) return false
  const { code, errcode } = error
  // `& 0xff`: extended codes keep the primary one in their low byte.
  if (typeof errcode === 'number') return [BUSY, LOCKED].includes(errcode & 0xff)
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code)
}

function inHostTransaction(cause: unknown): WebhookError {
  return new WebhookError(
    'store_busy',
    'The handle is inside a transaction of the host, which the store never joins. Try again after it, or give the store a handle of its own.',
    { cause },
  )
}

function busy(cause: unknown): WebhookError {
  return new WebhookError(
    'store_busy',
    'Another connection is writing to the database. Try again in a few milliseconds.',
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

function messageOf(error: unknown): string {
  return isRow(error) && typeof error.message === 'string' ? error.message : ''
}
