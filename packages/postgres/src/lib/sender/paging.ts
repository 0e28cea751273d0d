import { WebhookError } from '@posthorn/schema'
import type { Page } from '@posthorn/sender'

/** Which list a cursor belongs to; one is no good for another. */
export type CursorKind = 'deliveries' | 'events' | 'endpoints'

/** A place in a list: a time and the order within it, or an order alone. */
export type Place = readonly number[]

/** The place of the last row of the page before. */
export function startOf(kind: CursorKind, cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  const [, found, places = ''] = /^([a-z]+):(\d{1,15}(?:-\d{1,15})?)$/.exec(cursor) ?? []
  const place = places.split('-').map(Number)
  if (found === kind && place.length === (kind === 'endpoints' ? 1 : 2)) return place
  throw new WebhookError('invalid_argument', 'The cursor is not one that this list gave.')
}

/** `found` has one more than the page holds when there is a further page. */
export function pageOf<Item>(
  kind: CursorKind,
  found: readonly Item[],
  limit: number,
  placeOf: (item: Item, index: number) => Place,
): Page<Item> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  if (found.length <= limit || last === undefined) return { items }
  return { items, cursor: `${kind}:${placeOf(last, items.length - 1).join('-')}` }
}
