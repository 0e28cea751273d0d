/** Conditions with their values, given by number: those whose value is undefined are left out. */
export class Conditions {
  readonly values: string[] = []
  readonly #parts: string[] = []

  /** `?` in `sql` stands for the value. */
  add(sql: string, value: string | number | undefined): this {
    if (value === undefined) return this
    this.values.push(String(value))
    this.#parts.push(sql.replace('?', `$${this.values.length}`))
    return this
  }

  addPart(sql: string): this {
    this.#parts.push(sql)
    return this
  }

  /** The number of a further value. */
  place(value: string | number): string {
    this.values.push(String(value))
    return `$${this.values.length}`
  }

  get sql(): string {
    return this.#parts.length === 0 ? 'true' : this.#parts.join(' AND ')
  }
}
