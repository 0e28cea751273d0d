/** The length keeps `('a', 'b:c')` and `('a:b', 'c')` apart. */
export function nameOf(source: string, key: string): string {
  return `${source.length}:${source}:${key}`
}

/** Drops the first entries that are over, and answers how many. */
export function dropWhere<Entry>(
  entries: Map<string, Entry>,
  limit: number,
  isOver: (entry: Entry) => boolean,
): number {
  let dropped = 0
  for (const [name, entry] of entries) {
    if (dropped >= limit) break
    if (isOver(entry)) {
      entries.delete(name)
      dropped += 1
    }
  }
  return dropped
}
