import type { Connection } from './connection'
import { int } from './values'

/** Runs `work` in a transaction of its own that holds the write lock from the start. Refused (by SQLite) inside another one. */
export function inTransaction<Result>(connection: Connection, work: () => Result): Result {
  connection.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    connection.exec('COMMIT')
    return result
  } catch (error) {
    undo(connection, ['ROLLBACK'])
    throw error
  }
}

/** By functions, as a prepared PRAGMA answers what it was when it was prepared. FULL is 2, EXTRA 3. */
const WAITS_FOR_DISK = `
  SELECT synchronous FROM pragma_synchronous, pragma_journal_mode
  WHERE synchronous >= 2 AND journal_mode = 'wal'`

/**
 * The same for what a power cut may undo, as if it had not been: where the journal is a WAL, its commit does not wait for the disk. Later
 * commits that do bring it there too, and a crash of the process undoes nothing.
 */
export function inLightTransaction<Result>(connection: Connection, work: () => Result): Result {
  const found = connection.get(WAITS_FOR_DISK)
  if (!found) return inTransaction(connection, work)
  // Refused, as BEGIN is, inside another transaction.
  connection.exec('PRAGMA synchronous = NORMAL')
  try {
    return inTransaction(connection, work)
  } finally {
    connection.exec(`PRAGMA synchronous = ${int(found, 'synchronous')}`)
  }
}

/**
 * Runs `work` all or nothing, inside whatever transaction the handle is in, or in one of its own. `lock` is a statement that changes nothing
 * and takes the write lock; no later one is then refused as busy, which matters on libsql: it leaves a prepared statement that was
 * refused half-done, and commits nothing any more on that handle.
 */
export function inSavepoint<Result>(
  connection: Connection,
  lock: string,
  work: () => Result,
): Result {
  connection.exec('SAVEPOINT posthorn')
  try {
    connection.exec(lock)
    const result = work()
    connection.exec('RELEASE posthorn')
    return result
  } catch (error) {
    undo(connection, ['ROLLBACK TO posthorn', 'RELEASE posthorn'])
    throw error
  }
}

/** Runs reads that belong together on one state of the database, inside whatever transaction the handle is in. */
export function inSnapshot<Result>(connection: Connection, work: () => Result): Result {
  connection.exec('SAVEPOINT posthorn_read')
  try {
    return work()
  } finally {
    undo(connection, ['RELEASE posthorn_read'])
  }
}

/** SQLite has rolled back on its own after some errors, and then refuses: the first error is the one to tell. */
function undo(connection: Connection, statements: readonly string[]): void {
  for (const statement of statements) {
    try {
      connection.exec(statement)
    } catch {
      return
    }
  }
}
