import { type Duration, parseDuration, WebhookError } from '@posthorn/schema'
import { DRIVERS, DriverProblem, loadDriver, type SqliteDriver } from './drivers'
import { isBusy, toStoreError } from './errors'
import { own } from './owned'
import type { SqliteDatabase } from './sqlite-like'
import { isRow } from './values'

export type { SqliteDriver } from './drivers'

export interface OpenSqliteOptions {
  /** Default: the first that this machine has of `node:sqlite`, `better-sqlite3`, `libsql`. */
  readonly driver?: SqliteDriver
  /**
   * How long a statement waits for another connection's lock; default `'50ms'`. The wait blocks the whole process, so it is short: what is
   * still locked out then is repeated without blocking.
   */
  readonly busyTimeout?: Duration
}

const defaultBusyTimeout: Duration = '50ms'
const patienceMs = 5_000
const pauseMs = 20

/**
 * Opens (or creates) a database file with the SQLite driver that this machine has: the built-in `node:sqlite` (Node 22.13 or newer),
 * else `better-sqlite3`, else `libsql`. This is the one place that loads a driver.
 *
 * Sets `journal_mode = WAL`, so that readers and the writer do not wait for each other, and `synchronous = FULL`, so that what was
 * committed survives a power cut and not only a crash of the process. The handle is the driver's own, so the host may use it too; a store
 * on it closes it.
 *
 * A host that opens the same file itself, in the same process, has to do so with the same driver: name it with `driver`. Two SQLite libraries in
 * one process do not see each other's locks (https://sqlite.org/howtocorrupt.html).
 *
 * @param path file name, or `':memory:'`
 * @throws TypeError for a bad option
 * @throws WebhookError `driver_not_found` with the command that installs one; `store_failed` when the file cannot be opened
 */
export async function openSqlite(
  path: string,
  options: OpenSqliteOptions = {},
): Promise<SqliteDatabase> {
  if (typeof path !== 'string' || path === '') {
    throw new TypeError("openSqlite: path must be a file name or ':memory:'")
  }
  const busyMs = parseDuration(options.busyTimeout ?? defaultBusyTimeout, 'openSqlite: busyTimeout')
  const handle = connect(path, driversFor(options.driver))
  try {
    handle.exec(`PRAGMA busy_timeout = ${busyMs}`)
    await setWal(handle)
    handle.exec('PRAGMA synchronous = FULL')
  } catch (error) {
    handle.close()
    throw toStoreError(error)
  }
  own(handle)
  return handle
}

function driversFor(wanted: SqliteDriver | undefined): readonly SqliteDriver[] {
  if (wanted === undefined) return DRIVERS
  if (DRIVERS.includes(wanted)) return [wanted]
  throw new TypeError(`openSqlite: driver must be one of ${DRIVERS.join(', ')}`)
}

function connect(path: string, names: readonly SqliteDriver[]): SqliteDatabase {
  const problems: string[] = []
  for (const name of names) {
    const driver = loadDriver(name)
    if (driver instanceof DriverProblem) problems.push(`${name} ${driver.reason}`)
    else return open(path, driver)
  }
  const command = `npm install ${names.find((name) => name !== 'node:sqlite') ?? 'better-sqlite3'}`
  throw new WebhookError(
    'driver_not_found',
    `No SQLite driver: ${problems.join('; ')}. Use Node 22.13 or newer, or run: ${command}`,
    { details: { tried: names } },
  )
}

function open(path: string, driver: new (path: string) => unknown): SqliteDatabase {
  let handle: unknown
  try {
    handle = new driver(path)
  } catch (cause) {
    const message = `Cannot open the database ${path}. Does its folder exist, and may this process write there?`
    throw new WebhookError('store_failed', message, { cause })
  }
  if (isDatabase(handle)) return handle
  throw new WebhookError(
    'store_failed',
    'The SQLite driver lacks prepare, exec or close. Update it.',
  )
}

function isDatabase(value: unknown): value is SqliteDatabase {
  return (
    isRow(value) && ['prepare', 'exec', 'close'].every((name) => typeof value[name] === 'function')
  )
}

/** SQLite does not wait for other processes that open the file at the same moment, so it is asked again. */
async function setWal(handle: SqliteDatabase): Promise<void> {
  for (let left = patienceMs / pauseMs; ; left -= 1) {
    try {
      handle.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || left <= 0) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
