import { WebhookError } from '@posthorn/schema'
import type { Connection } from './connection'
import { text } from './values'

/** Which build of SQLite this is. */
const SOURCE_ID = 'SELECT sqlite_source_id() AS id'

const sources = new WeakMap<Connection, string>()

/**
 * Refuses a handle of another SQLite library than the store's. Two of them in one process do not see each other's locks, as POSIX gives
 * locks to processes, and then corrupt the file: https://sqlite.org/howtocorrupt.html, section 2.2.1.
 */
export function assertSameLibrary(own: Connection, hosts: Connection): void {
  if (own === hosts || sourceOf(own) === sourceOf(hosts)) return
  throw new WebhookError(
    'invalid_argument',
    "The handle is of another SQLite library than the store's, which would corrupt the file: open both with one driver.",
  )
}

function sourceOf(connection: Connection): string {
  const known = sources.get(connection)
  if (known !== undefined) return known
  const source = text(connection.get(SOURCE_ID) ?? {}, 'id')
  sources.set(connection, source)
  return source
}
