import { WebhookError } from '@posthorn/schema'
import type { SqliteLike, SqliteValue } from './sqlite-like'
import { int, isRow, json, type Row } from './values'

type Parameter = SqliteValue | readonly SqliteValue[]

interface Statement {
  run(...parameters: Parameter[]): unknown
  get(...parameters: Parameter[]): unknown
  all(...parameters: Parameter[]): unknown
}

/**
 * A handle with its prepared statements.
 *
 * SQL here says `LIMIT 0 + ?`: newer versions of SQLite plan with the value bound to a bare `LIMIT ?`, and prepare the statement anew
 * each time it is bound, which costs more than most of ours take.
 */
export interface Connection {
  exec(sql: string): void
  /** For statements that answer no rows. Answers how many rows it changed. */
  run(sql: string, ...parameters: SqliteValue[]): number
  get(sql: string, ...parameters: SqliteValue[]): Row | undefined
  all(sql: string, ...parameters: SqliteValue[]): readonly Row[]
  /**
   * The parsed value of the one column, called `json`, of the one row. For what is read by the hundred: drivers take longer to hand a row
   * over, column by column, than SQLite to find it.
   */
  json<Value>(sql: string, ...parameters: SqliteValue[]): Value
}

const connections = new WeakMap<SqliteLike, Connection>()

/** One for each handle, so that a statement is prepared once on it. */
export function connectionTo(handle: SqliteLike): Connection {
  const known = connections.get(handle)
  if (known) return known
  const made = createConnection(handle)
  connections.set(handle, made)
  return made
}

function createConnection(handle: SqliteLike): Connection {
  const statements = new Map<string, Bound>()
  const statement = (sql: string): Bound => {
    const known = statements.get(sql)
    if (known) return known
    const prepared = bound(prepare(handle, sql))
    statements.set(sql, prepared)
    return prepared
  }
  return {
    exec(sql) {
      handle.exec(sql)
    },
    run(sql, ...parameters) {
      const result = statement(sql).run(parameters)
      return isRow(result) ? int(result, 'changes') : 0
    },
    get(sql, ...parameters) {
      const row = statement(sql).get(parameters)
      return isRow(row) ? row : undefined
    },
    all(sql, ...parameters) {
      const rows = statement(sql).all(parameters)
      return isRows(rows) ? rows : []
    },
    json(sql, ...parameters) {
      return json(this.get(sql, ...parameters) ?? {}, 'json')
    },
  }
}

/** A statement that takes its parameters as one array. */
interface Bound {
  run(parameters: readonly SqliteValue[]): unknown
  get(parameters: readonly SqliteValue[]): unknown
  all(parameters: readonly SqliteValue[]): unknown
}

/**
 * better-sqlite3 and libsql, whose statements can `pluck`, take an array as it is; libsql flattens anything else, which costs it as much as
 * the statement.
 */
function bound(statement: Statement): Bound {
  if ('pluck' in statement) return statement
  return {
    run: (parameters) => statement.run(...parameters),
    get: (parameters) => statement.get(...parameters),
    all: (parameters) => statement.all(...parameters),
  }
}

function prepare(handle: SqliteLike, sql: string): Statement {
  const statement: unknown = handle.prepare(sql)
  if (isStatement(statement)) return statement
  throw new WebhookError(
    'store_failed',
    'The handle is no synchronous SQLite database: its statements lack run, get or all.',
  )
}

function isStatement(value: unknown): value is Statement {
  return (
    isRow(value) &&
    [value.run, value.get, value.all].every((member) => typeof member === 'function')
  )
}

/** One look tells: the rows of an answer are alike. */
function isRows(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && (value.length === 0 || isRow(value[0]))
}
