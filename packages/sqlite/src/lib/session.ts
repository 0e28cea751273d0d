import { systemTime, type TimeSource } from './clock'
import { type Connection, connectionTo } from './connection'
import { storeClosed, toStoreError } from './errors'
import { assertSameLibrary } from './library'
import { type MigrationSet, migrate } from './migrations/migrate'
import { letGo, use } from './owned'
import type { SqliteLike } from './sqlite-like'
import { inLightTransaction, inTransaction } from './transaction'

/** A store's use of a handle, from its construction to its `close`. */
export interface Session {
  readonly connection: Connection
  /** The store's clock, in whole milliseconds. */
  now(): number
  /** @throws WebhookError `store_closed` */
  assertOpen(): void
  /** Runs `work` unless closed; what SQLite throws becomes a `WebhookError`. */
  guard<Result>(work: () => Result): Result
  /** The same in a transaction of its own. */
  write<Result>(work: () => Result): Result
  /** The same for what a power cut may undo. */
  writeLight<Result>(work: () => Result): Result
  /** The host's own handle, to write on inside its transaction. */
  connectionOf(tx: SqliteLike): Connection
  /** Takes a clock, unless one was given at construction. */
  useClock(clock: TimeSource): void
  migrate(set: MigrationSet): Promise<void>
  close(): void
}

export function openSession(db: SqliteLike, givenClock: TimeSource | undefined): Session {
  const connection = connectionTo(db)
  let clock = givenClock ?? systemTime
  let closed = false
  const now = () => Math.floor(clock.now())
  const assertOpen = () => {
    if (closed) throw storeClosed()
  }
  const guard = <Result>(work: () => Result): Result => {
    assertOpen()
    try {
      return work()
    } catch (error) {
      throw toStoreError(error)
    }
  }
  use(db)
  return {
    connection,
    now,
    assertOpen,
    guard,
    write: (work) => guard(() => inTransaction(connection, work)),
    writeLight: (work) => guard(() => inLightTransaction(connection, work)),
    connectionOf(tx) {
      const hosts = connectionTo(tx)
      assertSameLibrary(connection, hosts)
      return hosts
    },
    useClock(offered) {
      clock = givenClock ?? offered
    },
    async migrate(set) {
      assertOpen()
      await migrate(connection, set, now)
    },
    close() {
      if (!closed) letGo(db)
      closed = true
    },
  }
}
