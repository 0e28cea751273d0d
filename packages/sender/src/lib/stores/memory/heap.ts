/** What a heap keeps; `slot` is the item's place in the one heap it lies in, -1 in none. */
export interface HeapItem {
  slot: number
}

/** A binary heap whose items know their places, so that any of them can be taken out in O(log n). */
export class Heap<Item extends HeapItem> {
  readonly #items: Item[] = []
  readonly #before: (a: Item, b: Item) => boolean

  constructor(before: (a: Item, b: Item) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  /** In no order. */
  values(): readonly Item[] {
    return this.#items
  }

  peek(): Item | undefined {
    return this.#items[0]
  }

  has(item: Item): boolean {
    return this.#items[item.slot] === item
  }

  push(item: Item): void {
    this.#place(item, this.#items.length)
    this.#rise(item)
  }

  pop(): Item | undefined {
    const first = this.#items[0]
    if (first) this.remove(first)
    return first
  }

  remove(item: Item): void {
    if (!this.has(item)) return
    const last = this.#items.pop()
    const slot = item.slot
    item.slot = -1
    if (!last || last === item) return
    this.#place(last, slot)
    this.#rise(last)
    this.#sink(last)
  }

  #place(item: Item, slot: number): void {
    this.#items[slot] = item
    item.slot = slot
  }

  #rise(item: Item): void {
    while (item.slot > 0) {
      const parent = this.#items[(item.slot - 1) >> 1]
      if (!parent || !this.#before(item, parent)) return
      this.#swap(item, parent)
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = this.#items[2 * item.slot + 1]
      const right = this.#items[2 * item.slot + 2]
      const child = left && right && this.#before(right, left) ? right : left
      if (!child || !this.#before(child, item)) return
      this.#swap(child, item)
    }
  }

  #swap(a: Item, b: Item): void {
    const slot = a.slot
    this.#place(a, b.slot)
    this.#place(b, slot)
  }
}
