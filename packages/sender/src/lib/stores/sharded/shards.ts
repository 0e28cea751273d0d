import { WebhookError } from '@posthorn/schema'
import type { SenderStore } from '../../ports/store'

export interface ShardedStoreOptions {
  /** The stores, by names that stay: cursors and rows are found again by them. */
  readonly shards: Readonly<Record<string, SenderStore>>
  /** The name of the shard that keeps a tenant. The same tenant must always have the same one. */
  readonly shardOf: (tenantId: string) => string
  /** The shards whose deliveries this process works on. Default: all. Everything else always reaches every shard. */
  readonly serve?: readonly string[]
}

/** A store and the name it goes by. */
export interface Shard {
  readonly name: string
  readonly store: SenderStore
}

/** The stores behind a sharded one. */
export interface Shards {
  readonly all: readonly Shard[]
  readonly first: Shard
  readonly served: readonly Shard[]
  /** The shard of a tenant. Throws `config` when `shardOf` names none. */
  of(tenantId: string): Shard
}

/** @throws TypeError for options that cannot be. */
export function resolveShards({ shards, shardOf, serve }: ShardedStoreOptions): Shards {
  if (typeof shardOf !== 'function') throw new TypeError('shardedStore: shardOf must be a function')
  const all = Object.entries(shards).map(([name, store]) => ({ name, store }))
  const byName = new Map(all.map((shard) => [shard.name, shard]))
  const served = [...new Set(serve ?? byName.keys())].map((name) => {
    const shard = byName.get(name)
    if (shard !== undefined) return shard
    throw new TypeError(`shardedStore: serve names "${name}", which is not among the shards`)
  })
  const [first] = all
  if (first === undefined || served.length === 0)
    throw new TypeError('shardedStore: shards and serve must each name at least one store')
  return {
    all,
    first,
    served,
    of(tenantId) {
      const shard = byName.get(shardOf(tenantId))
      if (shard !== undefined) return shard
      throw new WebhookError(
        'config',
        'shardedStore: shardOf answered a name that is not among the shards: it must know every tenant.',
      )
    },
  }
}

/** Items that belong to one shard, with their places among all of them. */
export interface Part<Item> {
  readonly shard: Shard
  readonly items: Item[]
  readonly places: number[]
}

/** Splits what is asked of several tenants by shard. Nothing at all goes to the first, which knows whether it may be asked. */
export function byShard<Item>(
  shards: Shards,
  items: readonly Item[],
  tenantOf: (item: Item) => string,
): readonly Part<Item>[] {
  const parts = new Map<string, Part<Item>>()
  for (const [place, item] of items.entries()) {
    const shard = shards.of(tenantOf(item))
    const part = parts.get(shard.name) ?? { shard, items: [], places: [] }
    parts.set(shard.name, part)
    part.items.push(item)
    part.places.push(place)
  }
  return parts.size > 0 ? [...parts.values()] : [{ shard: shards.first, items: [], places: [] }]
}

/** Asks each shard for its part, and puts the answers where their questions were. */
export async function ask<Item, Answer>(
  parts: readonly Part<Item>[],
  call: (store: SenderStore, items: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return call(only.shard.store, only.items)
  const answers = await settled(parts.map(({ shard, items }) => call(shard.store, items)))
  const placed: Answer[] = []
  for (const [index, { places }] of parts.entries()) {
    for (const [at, answer] of (answers[index] ?? []).entries()) {
      const place = places[at]
      if (place !== undefined) placed[place] = answer
    }
  }
  return placed
}

/** All of them, and only then the first error: nothing is still being written when the caller tries again. */
export async function settled<Answer>(calls: readonly Promise<Answer>[]): Promise<Answer[]> {
  await Promise.allSettled(calls)
  return Promise.all(calls)
}
