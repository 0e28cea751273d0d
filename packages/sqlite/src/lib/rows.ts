import type { Connection } from './connection'
import type { SqliteValue } from './sqlite-like'

/** An INSERT of many rows: `<into> VALUES <row>, <row>, … <upsert>`. */
export interface RowsStatement {
  readonly into: string
  /** One row in parentheses, with its parameters. */
  readonly row: string
  /** What is inserted, where the rows have values in common: their parameters, then `*` for the row. */
  readonly select?: string
  readonly upsert?: string
}

/** At most 32 of them keep below the 999 parameters that older versions of SQLite allow. */
const CHUNKS = [32, 16, 8, 4, 2, 1] as const

const texts = new WeakMap<RowsStatement, Map<number, string>>()

/**
 * Writes rows by as few statements as may be: each costs more than a row, and JSON in place of parameters more than both. Answers how many
 * rows were changed. `common`: the values of `select`, bound once for many rows, as binding takes as long as writing.
 */
export function writeRows(
  connection: Connection,
  statement: RowsStatement,
  rows: readonly (readonly SqliteValue[])[],
  common: readonly SqliteValue[] = [],
): number {
  let changed = 0
  let begin = 0
  for (const size of CHUNKS) {
    for (; rows.length - begin >= size; begin += size) {
      changed += connection.run(
        sqlOf(statement, size),
        ...common,
        ...flat(rows, begin, begin + size),
      )
    }
  }
  return changed
}

/** By hand: `Array.prototype.flat` takes longer than SQLite does for the rows. */
function flat(
  rows: readonly (readonly SqliteValue[])[],
  begin: number,
  end: number,
): readonly SqliteValue[] {
  const values: SqliteValue[] = []
  for (let index = begin; index < end; index += 1)
    for (const value of rows[index] ?? []) values.push(value)
  return values
}

function sqlOf(statement: RowsStatement, size: number): string {
  const known = texts.get(statement) ?? new Map<number, string>()
  texts.set(statement, known)
  let sql = known.get(size)
  if (sql === undefined) {
    const { into, row, select, upsert = '' } = statement
    const values = `VALUES ${Array.from({ length: size }, () => row).join(', ')}`
    const source = select === undefined ? values : `SELECT ${select} FROM (${values}) WHERE true`
    sql = `${into} ${source} ${upsert}`
    known.set(size, sql)
  }
  return sql
}
