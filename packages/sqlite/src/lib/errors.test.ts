import { WebhookError } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { isBusy, toStoreError } from './errors'

const thrown = (message: string, members: object = {}) => Object.assign(new Error(message), members)

describe('toStoreError', () => {
  it.each([
    [
      'node:sqlite, busy',
      thrown('database is locked', { code: 'ERR_SQLITE_ERROR', errcode: 5 }),
      'store_busy',
    ],
    ['node:sqlite, stale snapshot', thrown('database is locked', { errcode: 517 }), 'store_busy'],
    ['node:sqlite, locked', thrown('database table is locked', { errcode: 6 }), 'store_busy'],
    [
      'node:sqlite, closed',
      thrown('database is not open', { code: 'ERR_INVALID_STATE' }),
      'store_closed',
    ],
    [
      'node:sqlite, statement of a closed one',
      thrown('statement has been finalized'),
      'store_closed',
    ],
    [
      'node:sqlite, no table',
      thrown('no such table: posthorn_queue', { errcode: 1 }),
      'store_not_migrated',
    ],
    ['better-sqlite3, busy', thrown('database is locked', { code: 'SQLITE_BUSY' }), 'store_busy'],
    [
      'better-sqlite3, stale snapshot',
      thrown('database is locked', { code: 'SQLITE_BUSY_SNAPSHOT' }),
      'store_busy',
    ],
    [
      'better-sqlite3, iterating',
      new TypeError('This database connection is busy executing a query'),
      'store_busy',
    ],
    [
      'better-sqlite3, closed',
      new TypeError('The database connection is not open'),
      'store_closed',
    ],
    ['libsql, locked', thrown('database table is locked', { code: 'SQLITE_LOCKED' }), 'store_busy'],
    [
      'an open transaction',
      thrown('cannot start a transaction within a transaction', { code: 'SQLITE_ERROR' }),
      'store_busy',
    ],
    [
      'an older schema',
      thrown('no such column: turn', { code: 'SQLITE_ERROR' }),
      'store_not_migrated',
    ],
    [
      'an older schema, inserting',
      thrown('table posthorn_events has no column named pruned'),
      'store_not_migrated',
    ],
    [
      'a constraint',
      thrown('UNIQUE constraint failed', { code: 'SQLITE_CONSTRAINT_UNIQUE' }),
      'store_failed',
    ],
    ['a full disk', thrown('database or disk is full', { errcode: 13 }), 'store_failed'],
    ['what is no error', 'oops', 'store_failed'],
    ['nothing', undefined, 'store_failed'],
  ])('%s', (_, error, code) => {
    const translated = toStoreError(error)
    expect(translated).toMatchObject({ name: 'WebhookError', code })
    expect(translated.cause).toBe(error)
  })

  it('leaves an error of ours as it is', () => {
    const error = new WebhookError('invalid_argument', 'no')
    expect(toStoreError(error)).toBe(error)
  })

  it('keeps what the driver said out of the message', () => {
    expect(toStoreError(thrown("near 'secret'")).message).not.toContain('secret')
  })
})

describe('isBusy', () => {
  it.each([
    undefined,
    null,
    'SQLITE_BUSY',
    { code: 5 },
    { code: 'SQLITE_CONSTRAINT' },
    { errcode: 14 },
  ])('is false for %j', (error) => {
    expect(isBusy(error)).toBe(false)
  })
})
