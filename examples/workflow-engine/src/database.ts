import { openSqlite, type SqliteDatabase } from '@posthorn/sqlite/sender'
import { z } from 'zod'

export type Database = SqliteDatabase

/** Opens a file of this process. Another process may hold its lock for a moment. */
export async function openDatabase(file: string): Promise<Database> {
  return openSqlite(file, { busyTimeout: '2s' })
}

/** Runs `work` in a transaction: all of its writes, or none. Synchronous, as SQLite's transactions are. */
export function transaction<Result>(db: Database, work: () => Result): Result {
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

/** The rows of a query, checked. */
export function query<Row extends z.ZodType>(
  db: Database,
  sql: string,
  row: Row,
): readonly z.infer<Row>[] {
  return z.array(row).parse(db.prepare(sql).all())
}
