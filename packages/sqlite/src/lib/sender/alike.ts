import type { SqliteValue } from '../sqlite-like'

type Values = readonly SqliteValue[]

interface Group<Row> {
  readonly common: Values
  readonly rows: Row[]
}

/** Rows by the values that they have in common. Most are like the one before, and then cost no key. */
export class Alike<Row> {
  readonly #groups = new Map<string, Group<Row>>()
  #last: Group<Row> | undefined

  add(common: Values, row: Row): void {
    if (!this.#last || !isSame(this.#last.common, common)) this.#last = this.#groupOf(common)
    this.#last.rows.push(row)
  }

  #groupOf(common: Values): Group<Row> {
    const key = JSON.stringify(common)
    const group = this.#groups.get(key) ?? { common, rows: [] }
    this.#groups.set(key, group)
    return group
  }

  groups(): Iterable<Group<Row>> {
    return this.#groups.values()
  }
}

const isSame = (one: Values, other: Values): boolean =>
  one.every((value, index) => value === other[index])
