import type { Connection } from './connection'

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
