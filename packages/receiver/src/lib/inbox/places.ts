/** Tasks of these handlers, so many at most. */
export interface Ask {
  readonly handlers: readonly string[]
  readonly limit: number
}

/**
 * How a process's places are shared among its handlers. One handler has at most `perHandler` of them, so that a slow one leaves places to the
 * others, however much waits for it.
 */
export class Places {
  readonly #all: number
  readonly #perHandler: number | undefined
  readonly #taken = new Map<string, number>()

  /** `perHandler` undefined: half of `all`, or all where there is one handler only. */
  constructor(all: number, perHandler: number | undefined) {
    this.#all = all
    this.#perHandler = perHandler
  }

  /** A task was begun. The answer ends it, and is true where its handler had no place left. */
  take(handler: string, handlers: readonly string[]): () => boolean {
    this.#taken.set(handler, this.#of(handler) + 1)
    return () => {
      const wasFull = this.#left(handler, handlers) <= 0
      const left = this.#of(handler) - 1
      if (left > 0) this.#taken.set(handler, left)
      else this.#taken.delete(handler)
      return wasFull
    }
  }

  /**
   * What may be claimed into `free` places. No answer to an ask can take a handler beyond its share: those that are near it are asked for apart,
   * and first, as the others could use up the places every time.
   */
  asks(handlers: readonly string[], free: number): readonly Ask[] {
    if (free <= 0) return []
    const open = handlers.filter((handler) => this.#left(handler, handlers) > 0)
    const near = open.filter((handler) => this.#left(handler, handlers) < free)
    const others = open.filter((handler) => !near.includes(handler))
    const least = Math.min(...near.map((handler) => this.#left(handler, handlers)))
    return [
      { handlers: near, limit: least },
      { handlers: others, limit: free },
    ].filter((ask) => ask.handlers.length > 0)
  }

  #left(handler: string, handlers: readonly string[]): number {
    const share = handlers.length === 1 ? this.#all : Math.ceil(this.#all / 2)
    return (this.#perHandler ?? share) - this.#of(handler)
  }

  #of(handler: string): number {
    return this.#taken.get(handler) ?? 0
  }
}
