import { WebhookError } from '@posthorn/schema'
import type { Page } from '../../ports/endpoint-store'
import type { SenderStore } from '../../ports/store'
import type { Shard, Shards } from './shards'

interface Place {
  readonly limit: number
  readonly cursor?: string
}

interface Query extends Place {
  readonly tenantId?: string
}

/** How a list is read from one store, and merged with others'. */
interface Listing<Item, Asked> {
  readonly timeOf: (item: Item) => number
  readonly read: (store: SenderStore, query: Asked) => Promise<Page<Item>>
}

/** A page of one tenant, from its shard; or of all tenants, over all shards. */
export async function pageOf<Item, Asked extends Query>(
  { all, of }: Shards,
  query: Asked,
  { timeOf, read }: Listing<Item, Asked>,
): Promise<Page<Item>> {
  if (query.tenantId !== undefined) return read(of(query.tenantId).store, query)
  return mergedPage(all, query, { timeOf, read: (store, place) => read(store, at(query, place)) })
}

/** The same question from another place on: each shard has a cursor of its own. */
function at<Asked extends Place>(query: Asked, place: Place): Asked
function at({ cursor: _, ...rest }: Place, place: Place): Place {
  return { ...rest, ...place }
}

/** Where each shard goes on: its cursor, or `true` from its start. A shard that is done is left out. */
type Position = Readonly<Record<string, string | true>>

/**
 * A page over all shards, newest first. Each shard is read on from its own cursor: what is left over is read again with the next page, as a
 * cursor stands behind a page and not within one.
 */
async function mergedPage<Item>(
  shards: readonly Shard[],
  query: Place,
  { timeOf, read }: Listing<Item, Place>,
): Promise<Page<Item>> {
  const position = startOf(shards, query.cursor)
  const waiting = shards.filter(({ name }) => position[name] !== undefined)
  const offers = await Promise.all(waiting.map((shard) => readFrom(shard, position, query.limit)))
  const taken = newest(
    offers.map(({ items }) => items.map(timeOf)),
    query.limit,
  )
  const parts = await Promise.all(
    waiting.map(async (shard, index) => {
      const offer = offers[index] ?? { items: [] }
      const count = taken[index] ?? 0
      if (count === offer.items.length) return { shard, page: offer, untouched: false }
      if (count === 0) return { shard, page: { items: [] }, untouched: true }
      return { shard, page: await readFrom(shard, position, count), untouched: false }
    }),
  )
  const next: Record<string, string | true> = {}
  for (const { shard, page, untouched } of parts) {
    const at = untouched ? position[shard.name] : page.cursor
    if (at !== undefined) next[shard.name] = at
  }
  const items = parts
    .flatMap(({ page }) => page.items)
    .sort((one, other) => timeOf(other) - timeOf(one))
  return Object.keys(next).length === 0 ? { items } : { items, cursor: encode(next) }

  function readFrom({ name, store }: Shard, from: Position, limit: number): Promise<Page<Item>> {
    const at = from[name]
    return read(store, { limit, ...(typeof at === 'string' ? { cursor: at } : {}) })
  }
}

/** How many of each list the newest `limit` of all are; each list is sorted, newest first. */
function newest(lists: readonly (readonly number[])[], limit: number): number[] {
  const counts = lists.map(() => 0)
  for (let left = limit; left > 0; left -= 1) {
    let best: number | undefined
    for (const [index, list] of lists.entries()) {
      const time = list[counts[index] ?? 0]
      const leading = best === undefined ? undefined : lists[best]?.[counts[best] ?? 0]
      if (time !== undefined && (leading === undefined || time > leading)) best = index
    }
    if (best === undefined) break
    counts[best] = (counts[best] ?? 0) + 1
  }
  return counts
}

function startOf(shards: readonly Shard[], cursor: string | undefined): Position {
  if (cursor === undefined) return Object.fromEntries(shards.map(({ name }) => [name, true]))
  const position = decode(cursor)
  const known = new Set(shards.map(({ name }) => name))
  if (position !== undefined && Object.keys(position).every((name) => known.has(name)))
    return position
  throw new WebhookError('invalid_argument', 'The cursor is not one that this store gave.')
}

function encode(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

function decode(cursor: string): Position | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return isPosition(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const places = Object.values(value)
  return places.length > 0 && places.every((at) => at === true || typeof at === 'string')
}
