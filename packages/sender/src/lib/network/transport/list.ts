/** A value's place in a list; made by `append`, given back to `remove`. */
export interface Link<Value> {
  readonly value: Value
  before: Link<Value> | undefined
  after: Link<Value> | undefined
  listed: boolean
}

/** A doubly linked list: first in, first out, and out of the middle at no cost. */
export class List<Value> {
  #first: Link<Value> | undefined
  #last: Link<Value> | undefined

  get first(): Link<Value> | undefined {
    return this.#first
  }

  append(value: Value): Link<Value> {
    const before = this.#last
    const link: Link<Value> = { value, before, after: undefined, listed: true }
    if (before === undefined) this.#first = link
    else before.after = link
    this.#last = link
    return link
  }

  /** Whether it was still in the list. */
  remove(link: Link<Value>): boolean {
    if (!link.listed) return false
    const { before, after } = link
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    link.listed = false
    link.before = undefined
    link.after = undefined
    return true
  }
}
