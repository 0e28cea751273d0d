import type { Settlement, SettleVerdict } from '../../model/delivery'
import type { DeliveryStore } from '../../ports/delivery-store'
import type { SenderStore } from '../../ports/store'
import { ask, byShard, type Shards } from './shards'

/**
 * Settles in every shard. Where one of them fails, the caller repeats the whole batch: what the others had answered by then is remembered, for
 * a settlement repeated is stale.
 */
export function shardedSettle(shards: Shards): DeliveryStore['settle'] {
  const answered = new WeakMap<Settlement, SettleVerdict>()
  const settle = async (store: SenderStore, part: readonly Settlement[]) => {
    const open = part.filter((settlement) => !answered.has(settlement))
    const verdicts = open.length === 0 ? [] : await store.deliveries.settle(open)
    for (const [index, settlement] of open.entries())
      answered.set(settlement, verdicts[index] ?? 'stale')
    return part.map((settlement) => answered.get(settlement) ?? 'stale')
  }
  return async (batch) => {
    const parts = byShard(shards, batch, ({ lease }) => lease.tenantId)
    const [only] = parts
    if (only !== undefined && parts.length === 1) return only.shard.store.deliveries.settle(batch)
    const verdicts = await ask(parts, settle)
    for (const settlement of batch) answered.delete(settlement)
    return verdicts
  }
}
