import { type Argument, expressionOf } from './columns'
import { storeClosed, toStoreError } from './errors'
import { checkSchema } from './migrations/schema'
import type { PgClientLike } from './pg-client-like'
import { isRow, type Row, unexpected } from './values'

/** One schema behind one client. */
export interface Database {
  readonly schema: string
  /** Runs one statement that answers one row with one text, `result`; JSON unless null. */
  ask(statement: string, values?: string[]): Promise<unknown>
  /** Calls a function of the schema that takes and answers JSON. */
  call(name: string, request?: unknown): Promise<unknown>
  /** Calls a function of the schema that takes columns and answers JSON. */
  callWith(name: string, values: readonly Argument[]): Promise<unknown>
  /** Calls a function of the schema that takes columns and answers rows of text. */
  select(name: string, values: readonly Argument[]): Promise<readonly Row[]>
  run(statement: string): Promise<void>
  /** The same on another client, such as a host's transaction. */
  on(client: PgClientLike): Database
  close(): void
}

export function createDatabase(client: PgClientLike, schema: string): Database {
  checkSchema(schema)
  let closed = false
  return over(client, schema, {
    assertOpen() {
      if (closed) throw storeClosed()
    },
    close() {
      closed = true
    },
  })
}

interface Gate {
  assertOpen(): void
  close(): void
}

function over(client: PgClientLike, schema: string, gate: Gate): Database {
  const query = async (statement: string, values?: string[]): Promise<readonly unknown[]> => {
    gate.assertOpen()
    try {
      return (await client.query(statement, values)).rows
    } catch (error) {
      throw toStoreError(error)
    }
  }
  const ask = async (statement: string, values?: string[]): Promise<unknown> => {
    const [row] = await query(statement, values)
    return parse(row)
  }
  const valuesOf = (given: readonly Argument[]): string[] => given.map(({ text }) => text)
  const callOf = (name: string, given: readonly Argument[]): string =>
    `${schema}.${name}(${given.map((value, index) => expressionOf(value, index + 1)).join(', ')})`
  return {
    schema,
    ask,
    callWith: (name, given) =>
      ask(`SELECT ${callOf(name, given)}::text AS result`, valuesOf(given)),
    async select(name, given) {
      const found = await query(`SELECT * FROM ${callOf(name, given)}`, valuesOf(given))
      if (found.every(isRow)) return found
      throw unexpected(name)
    },
    call: (name, request) =>
      request === undefined
        ? ask(`SELECT ${schema}.${name}()::text AS result`)
        : ask(`SELECT ${schema}.${name}($1::text)::text AS result`, [JSON.stringify(request)]),
    async run(statement) {
      await query(statement)
    },
    on: (other) => over(other, schema, gate),
    close: gate.close,
  }
}

function parse(row: unknown): unknown {
  if (!isRow(row) || !('result' in row)) throw unexpected('result')
  const { result } = row
  if (result === null) return undefined
  if (typeof result !== 'string') throw unexpected('result')
  return result === '' ? undefined : JSON.parse(result)
}
