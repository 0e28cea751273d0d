export interface Batcher<Item, Result> {
  add(item: Item): Promise<Result>
}

/** An item whose giver waits for what becomes of it. */
export interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: while one write is under way, later items gather, and go out together in the next. A lone item waits for nothing.
 * `write` answers in the order of its items.
 */
export function createBatcher<Item, Result>(
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
  largest: number,
): Batcher<Item, Result> {
  let gathered: Waiting<Item, Result>[] = []
  let writing = false

  const flush = async (): Promise<void> => {
    while (gathered.length > 0) {
      const batch = gathered.slice(0, largest)
      gathered = gathered.slice(largest)
      await writeBatch(batch, write)
    }
    writing = false
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        gathered.push({ item, resolve, reject })
        if (writing) return
        writing = true
        // A microtask later, so that callers of the same turn share the first write too.
        queueMicrotask(() => void flush())
      }),
  }
}

/** Writes a batch, and tells each giver. Never rejects. */
export async function writeBatch<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<void> {
  try {
    const results = await write(batch.map((waiting) => waiting.item))
    for (const [index, waiting] of batch.entries()) {
      const result = results[index]
      if (result === undefined)
        waiting.reject(new RangeError('a batch was answered with too few results'))
      else waiting.resolve(result)
    }
  } catch (error) {
    for (const waiting of batch) waiting.reject(error)
  }
}
