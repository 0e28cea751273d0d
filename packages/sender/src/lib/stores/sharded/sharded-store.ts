import { WebhookError } from '@posthorn/schema'
import type { NewEvent } from '../../model/event'
import type { DeliveryLog, Statistics } from '../../ports/delivery-log'
import type { EndpointStore } from '../../ports/endpoint-store'
import type { Retention } from '../../ports/retention'
import type { HostTransactions, SenderStore } from '../../ports/store'
import { pageOf } from './paging'
import { shardedQueue } from './queue'
import {
  ask,
  byShard,
  resolveShards,
  type Shard,
  type ShardedStoreOptions,
  type Shards,
  settled,
} from './shards'

/**
 * One store over several: each tenant lives in one of them, and everything about it stays there.
 *
 * Lists over all tenants are merged, newest first; figures are summed. A batch that concerns several tenants is atomic within each shard and
 * not over all of them: an error of one shard is the call's error, and repeating the call is harmless, as ids make it so. The shards' clocks
 * must agree as NTP makes them: a claim answers the latest. A shard that is down keeps a worker that serves it from claiming; give each shard
 * workers of its own (`serve`) where the others must go on. Tenants take turns
 * within their shard, and the shards take turns.
 *
 * `sender.transaction` cannot know the tenant, and so not the database: open the transaction on the shard's own client, and pass it as `tx`.
 *
 * @throws TypeError for options that cannot be.
 * @example
 * ```ts
 * import { createSender } from '@posthorn/sender'
 * import { memoryStore } from '@posthorn/sender/memory'
 * import { shardedStore } from '@posthorn/sender/sharded'
 *
 * const shards = { eu: memoryStore(), us: memoryStore() }
 * const store = shardedStore({ shards, shardOf: (tenantId) => (tenantId.startsWith('eu-') ? 'eu' : 'us') })
 * export const sender = createSender({ store })
 * ```
 */
export function shardedStore(options: ShardedStoreOptions): SenderStore {
  const shards = resolveShards(options)
  const each = (call: (shard: Shard) => Promise<void>) => settled(shards.all.map(call))
  return {
    deliveries: shardedQueue(shards),
    log: shardedLog(shards),
    endpoints: shardedEndpoints(shards),
    retention: shardedRetention(shards),
    host: hostOf(shards),
    useClock(clock) {
      for (const { store } of shards.all) store.useClock?.(clock)
    },
    async migrate() {
      await each(({ store }) => store.migrate())
    },
    async close() {
      await each(({ store }) => store.close())
    },
  }
}

function shardedLog(shards: Shards): DeliveryLog {
  const { all, of } = shards
  return {
    list: (query) =>
      pageOf(shards, query, {
        timeOf: ({ createdAt }) => createdAt,
        read: (store, part) => store.log.list(part),
      }),
    get: async (tenantId, id) => of(tenantId).store.log.get(tenantId, id),
    attempts: async (tenantId, id) => of(tenantId).store.log.attempts(tenantId, id),
    event: async (tenantId, id) => of(tenantId).store.log.event(tenantId, id),
    events: (query) =>
      pageOf(shards, query, {
        timeOf: ({ recordedAt }) => recordedAt,
        read: (store, part) => store.log.events(part),
      }),
    history: async (query) => of(query.tenantId).store.log.history(query),
    async statistics(tenantId) {
      if (tenantId !== undefined) return of(tenantId).store.log.statistics(tenantId)
      return (await Promise.all(all.map(({ store }) => store.log.statistics()))).reduce(sum)
    },
  }
}

function sum(one: Statistics, other: Statistics): Statistics {
  const ages = [one.oldestDueAgeMs, other.oldestDueAgeMs].filter((age) => age !== undefined)
  return {
    due: one.due + other.due,
    pending: one.pending + other.pending,
    delivering: one.delivering + other.delivering,
    succeeded: one.succeeded + other.succeeded,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
    canceled: one.canceled + other.canceled,
    recorded: one.recorded + other.recorded,
    oldestDueAgeMs: ages.length === 0 ? undefined : Math.max(...ages),
    endpoints: {
      enabled: one.endpoints.enabled + other.endpoints.enabled,
      paused: one.endpoints.paused + other.endpoints.paused,
      disabled: one.endpoints.disabled + other.endpoints.disabled,
    },
  }
}

function shardedEndpoints(shards: Shards): EndpointStore {
  const { of } = shards
  return {
    insert: async (endpoint) => of(endpoint.tenantId).store.endpoints.insert(endpoint),
    get: async (tenantId, id) => of(tenantId).store.endpoints.get(tenantId, id),
    list: (query) =>
      pageOf(shards, query, {
        timeOf: ({ createdAt }) => createdAt,
        read: (store, part) => store.endpoints.list(part),
      }),
    forTenant: async (tenantId) => of(tenantId).store.endpoints.forTenant(tenantId),
    remembered: (tenantId) => of(tenantId).store.endpoints.remembered?.(tenantId),
    replace: async (record) => of(record.tenantId).store.endpoints.replace(record),
    remove: async (tenantId, id) => of(tenantId).store.endpoints.remove(tenantId, id),
    transition: (changes) =>
      ask(
        byShard(shards, changes, ({ tenantId }) => tenantId),
        (store, part) => store.endpoints.transition(part),
      ),
  }
}

function shardedRetention({ all }: Shards): Retention {
  return {
    async prune(request) {
      const parts = await settled(all.map(({ store }) => store.retention.prune(request)))
      return parts.reduce((one, other) => ({
        payloads: one.payloads + other.payloads,
        attempts: one.attempts + other.attempts,
        deliveries: one.deliveries + other.deliveries,
        events: one.events + other.events,
      }))
    },
  }
}

/** What every shard can do; nothing when they differ. A transaction has one database, so its events must be of one shard. */
function hostOf(shards: Shards): HostTransactions {
  const kinds = new Set(shards.all.map(({ store }) => store.host.kind))
  if (kinds.size > 1 || kinds.has('none')) return { kind: 'none' }
  const hostFor = (events: readonly NewEvent[]) => {
    const parts = byShard(shards, events, ({ tenantId }) => tenantId)
    if (parts.length > 1) throw refused(manyShards)
    return (parts[0]?.shard ?? shards.first).store.host
  }
  if (kinds.has('sync')) {
    return {
      kind: 'sync',
      enqueue(events, tx) {
        const host = hostFor(events)
        if (host.kind !== 'sync') throw refused(manyShards)
        return host.enqueue(events, tx)
      },
    }
  }
  return {
    kind: 'async',
    async endpoints(tenantId, tx) {
      const { host } = shards.of(tenantId).store
      if (host.kind !== 'async') throw refused(manyShards)
      return host.endpoints(tenantId, tx)
    },
    async enqueue(events, tx) {
      const host = hostFor(events)
      if (host.kind !== 'async') throw refused(manyShards)
      return host.enqueue(events, tx)
    },
    transaction: () => Promise.reject(refused(whichShard)),
  }
}

const manyShards =
  'The events of one transaction belong to tenants of several shards: a transaction has one database.'
const whichShard =
  'A sharded store cannot tell the database by itself: open the transaction on the shard’s own client and pass it as `tx`.'

function refused(message: string): WebhookError {
  return new WebhookError('invalid_argument', message)
}
