import { createHash } from 'node:crypto'
import { WebhookError } from '@posthorn/schema'
import type { Connection } from '../connection'
import { toStoreError } from '../errors'
import { inTransaction } from '../transaction'
import { int, text } from '../values'

/** One numbered step of a schema; never changed once released. */
export interface Migration {
  readonly name: string
  readonly sql: string
}

/** The steps of one part (`sender`, `receiver`), in order; the first is version 1. */
export interface MigrationSet {
  readonly part: string
  readonly migrations: readonly Migration[]
}

const CREATE_MIGRATIONS = `
  CREATE TABLE IF NOT EXISTS posthorn_migrations (
    part TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    PRIMARY KEY (part, version)
  ) STRICT, WITHOUT ROWID`

const LIST_APPLIED = `
  SELECT version, name, checksum FROM posthorn_migrations WHERE part = ? ORDER BY version`

const RECORD_APPLIED = `
  INSERT INTO posthorn_migrations (part, version, name, checksum, applied_at) VALUES (?, ?, ?, ?, ?)`

const patienceMs = 10_000
const pauseMs = 20

/**
 * Brings one part's tables up to date, each step in a transaction of its own. Repeatable, and safe under concurrent callers: whoever comes
 * second finds the steps done. While another connection writes, it waits for up to 10 s.
 *
 * @throws WebhookError `store_too_new` when the database has steps that this version does not know; `store_failed` when a step
 * that was applied differs from the one of that number here; `store_busy`.
 */
export async function migrate(
  connection: Connection,
  set: MigrationSet,
  now: () => number,
): Promise<void> {
  for (let more = true; more; ) {
    more = await whileBusy(() => inTransaction(connection, () => applyNext(connection, set, now())))
  }
}

/** Applies the first step that is missing. Answers whether there may be another. */
function applyNext(connection: Connection, set: MigrationSet, now: number): boolean {
  connection.run(CREATE_MIGRATIONS)
  const version = checkApplied(connection, set) + 1
  const next = set.migrations[version - 1]
  if (!next) return false
  connection.exec(next.sql)
  connection.run(RECORD_APPLIED, set.part, version, next.name, checksumOf(next), Math.floor(now))
  return true
}

/** Answers the version of the database. */
function checkApplied(connection: Connection, set: MigrationSet): number {
  const applied = connection.all(LIST_APPLIED, set.part)
  if (applied.length > set.migrations.length) {
    throw new WebhookError(
      'store_too_new',
      `The database has version ${applied.length} of the ${set.part}'s tables, this package knows ${set.migrations.length}. Update @posthorn/sqlite.`,
      { details: { part: set.part, found: applied.length, known: set.migrations.length } },
    )
  }
  for (const [index, row] of applied.entries()) {
    const known = set.migrations[index]
    const same =
      known && int(row, 'version') === index + 1 && text(row, 'checksum') === checksumOf(known)
    if (!same) throw changed(set.part, text(row, 'name'))
  }
  return applied.length
}

function changed(part: string, name: string): WebhookError {
  return new WebhookError(
    'store_failed',
    `The ${part}'s migration ${name} was applied with another text than this package has. Use the package that created the database.`,
    { details: { part, name } },
  )
}

export function checksumOf({ sql }: Migration): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex')
}

/** Real time on purpose: how long a lock is held does not depend on the clock that decides due times. */
async function whileBusy<Result>(step: () => Result): Promise<Result> {
  for (let left = patienceMs / pauseMs; ; left -= 1) {
    try {
      return step()
    } catch (cause) {
      const error = toStoreError(cause)
      if (error.code !== 'store_busy' || left <= 0) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
