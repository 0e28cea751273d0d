import type { SqliteValue } from '../sqlite-like'

/** A WHERE clause put together from fixed parts; values are always bound. */
export class Conditions {
  readonly #parts: string[] = []
  readonly #values: SqliteValue[] = []

  /** Adds nothing when the value is undefined. */
  add(part: string, value: SqliteValue | undefined): this {
    if (value === undefined) return this
    this.#values.push(value)
    return this.addPart(part)
  }

  addPart(part: string): this {
    this.#parts.push(part)
    return this
  }

  get sql(): string {
    return this.#parts.length === 0 ? 'true' : this.#parts.join(' AND ')
  }

  get values(): readonly SqliteValue[] {
    return this.#values
  }
}
