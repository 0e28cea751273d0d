import type { SqliteLike } from '@posthorn/sqlite/sender'

/** Runs `work` in a transaction of a SQLite handle: all of its writes, or none. Synchronous, as SQLite's transactions are. */
export function transaction<Result>(db: SqliteLike, work: () => Result): Result {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}
