import type { Connection } from '../connection'
import { optionalInt } from '../values'

/** Changes with each commit of another connection, in this process or another; asking takes a few microseconds. */
const DATA_VERSION = 'PRAGMA data_version'

const pauseMs = 50

/**
 * Calls `listener` soon after another connection committed something, whatever it was. Real time on purpose: it looks at the database, not
 * at what is due. Does not keep the process alive.
 */
export function watchCommits(connection: Connection, listener: () => void): () => void {
  let seen = readVersion(connection)
  const timer = setInterval(() => {
    const version = readVersion(connection)
    if (version === seen) return
    seen = version
    listener()
  }, pauseMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** Undefined while the database cannot be read, and once it is closed. */
function readVersion(connection: Connection): number | undefined {
  try {
    return optionalInt(connection.get(DATA_VERSION) ?? {}, 'data_version')
  } catch {
    return undefined
  }
}
