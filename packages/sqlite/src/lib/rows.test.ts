import { describe, expect, it } from 'vitest'
import { connectionTo } from './connection'
import { type RowsStatement, writeRows } from './rows'

/** A handle that records what its statements are run with, as node:sqlite's or as those that can `pluck`. */
function recording(more: object) {
  const runs: { readonly rows: number; readonly parameters: readonly unknown[] }[] = []
  const handle = {
    exec: () => {},
    prepare: (sql: string) => ({
      ...more,
      run: (...parameters: unknown[]) => {
        const rows = sql.split('(?, ?, 0)').length - 1
        runs.push({ rows, parameters })
        return { changes: rows }
      },
      get: () => undefined,
      all: () => [],
    }),
  }
  return { runs, connection: connectionTo(handle) }
}

const insert: RowsStatement = { into: 'INSERT INTO t (a, b, c)', row: '(?, ?, 0)' }
const rows = (count: number) => Array.from({ length: count }, (_, index) => [index, `${index}`])

describe('writeRows', () => {
  it('writes each row once, in order, in few statements, and counts what was changed', () => {
    const { runs, connection } = recording({})
    expect(writeRows(connection, insert, rows(75))).toBe(75)
    expect(runs.map((run) => run.rows)).toEqual([32, 32, 8, 2, 1])
    expect(runs.flatMap(({ parameters }) => parameters)).toEqual(rows(75).flat())
  })

  it('binds once what rows have in common', () => {
    const { runs, connection } = recording({})
    const select = { ...insert, select: '?, *' }
    expect(writeRows(connection, select, rows(3), ['all'])).toBe(3)
    expect(runs.map(({ parameters }) => parameters)).toEqual([
      ['all', ...rows(2).flat()],
      ['all', 2, '2'],
    ])
  })

  it('runs nothing for no rows', () => {
    const { runs, connection } = recording({})
    expect(writeRows(connection, insert, [])).toBe(0)
    expect(runs).toEqual([])
  })

  it('hands one array to a driver that takes one', () => {
    const { runs, connection } = recording({ pluck: () => {} })
    writeRows(connection, insert, rows(3))
    expect(runs.map(({ parameters }) => parameters)).toEqual([[rows(2).flat()], [[2, '2']]])
  })
})
