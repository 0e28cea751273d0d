import type { Page } from '@posthorn/sender'

/** Every item of a list that comes in pages. */
export async function allPages<Item>(
  list: (query: { limit: number; cursor?: string }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page = await list(cursor === undefined ? { limit: 500 } : { limit: 500, cursor })
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return items
}
