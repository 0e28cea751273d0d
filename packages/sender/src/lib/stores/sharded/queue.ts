import type { ClaimedDelivery } from '../../model/delivery'
import type { ClaimedEvent, NewEvent } from '../../model/event'
import type {
  DeliveryClaimRequest,
  DeliveryStore,
  EventClaimRequest,
  InsertedAndClaimed,
} from '../../ports/delivery-store'
import { shardedSettle } from './settle'
import { ask, byShard, type Shard, type Shards, settled } from './shards'

const tenantOf = ({ tenantId }: { readonly tenantId: string }): string => tenantId

/** The queue over all shards: each row goes where its tenant is kept, claims come from those that are served. */
export function shardedQueue(shards: Shards): DeliveryStore {
  const turn = rotation(shards.served)
  return {
    insert: (events) => insert(shards, events),
    insertAndClaim: (events, request) => insertAndClaim(shards, turn, events, request),
    claimEvents: (request) => claimEvents(turn(), request),
    async fanOut(verdicts) {
      const parts = byShard(shards, verdicts, tenantOf)
      const applied = parts.map(({ shard, items }) => shard.store.deliveries.fanOut(items))
      return (await settled(applied)).reduce((sum, count) => sum + count, 0)
    },
    claim: (request) => claim(turn(), request),
    async extend(leases, leaseMs) {
      const parts = byShard(shards, leases, tenantOf)
      const held = parts.map(({ shard, items }) => shard.store.deliveries.extend(items, leaseMs))
      return (await settled(held)).flat()
    },
    settle: shardedSettle(shards),
    async release(leases) {
      const parts = byShard(shards, leases, tenantOf)
      await settled(parts.map(({ shard, items }) => shard.store.deliveries.release(items)))
    },
    cancel: async (tenantId, id) => shards.of(tenantId).store.deliveries.cancel(tenantId, id),
    redeliver: (items) =>
      ask(byShard(shards, items, tenantOf), (store, part) => store.deliveries.redeliver(part)),
    nextDueIn: async () =>
      earliest(await settled(shards.served.map(({ store }) => store.deliveries.nextDueIn()))),
    subscribe(listener) {
      const ends = shards.served.map(({ store }) => store.deliveries.subscribe?.(listener))
      return () => {
        for (const end of ends) end?.()
      }
    },
  }
}

const insert = (shards: Shards, events: readonly NewEvent[]) =>
  ask(byShard(shards, events, tenantOf), (store, items) => store.deliveries.insert(items))

async function insertAndClaim(
  shards: Shards,
  turn: () => readonly Shard[],
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): Promise<InsertedAndClaimed> {
  const [first, ...others] = byShard(shards, events, tenantOf)
  const { shard } = first ?? { shard: shards.first }
  if (others.length === 0 && shards.served.includes(shard)) {
    const answer = await shard.store.deliveries.insertAndClaim?.(events, request)
    if (answer) return answer
  }
  const inserted = await insert(shards, events)
  // They are written: that another shard is down is nothing to whoever sent them.
  const claimed = await claim(turn(), request).catch(() => undefined)
  return { events: inserted, ...(claimed && { claim: claimed }) }
}

function earliest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Each call begins with another shard, so that none is always last. */
function rotation(served: readonly Shard[]): () => readonly Shard[] {
  let first = 0
  return () => {
    const order = [...served.slice(first), ...served.slice(0, first)]
    first = (first + 1) % Math.max(1, served.length)
    return order
  }
}

async function claimEvents(order: readonly Shard[], { limit, leaseMs }: EventClaimRequest) {
  const events: ClaimedEvent[] = []
  let now = Number.NEGATIVE_INFINITY
  for (const { store } of order) {
    const left = limit - events.length
    if (left <= 0 && now > 0) break
    const request = { limit: left, leaseMs }
    const claim = await further(events.length, () => store.deliveries.claimEvents(request))
    if (claim === undefined) break
    now = Math.max(now, claim.now)
    events.push(...claim.events)
  }
  return { now, events }
}

async function claim(order: readonly Shard[], request: DeliveryClaimRequest) {
  const deliveries: ClaimedDelivery[] = []
  const waits: (number | undefined)[] = []
  let now = Number.NEGATIVE_INFINITY
  let suspects = false
  let failingLeft = request.failingLimit
  for (const { store } of order) {
    const limit = request.limit - deliveries.length
    const enough = limit <= 0 || (request.solo && deliveries.length > 0)
    // The first is asked even for nothing: the answer holds its time.
    if (enough && now > 0) break
    const asked = { ...request, limit, failingLimit: failingLeft }
    const part = await further(deliveries.length, () => store.deliveries.claim(asked))
    if (part === undefined) break
    now = Math.max(now, part.now)
    suspects ||= part.suspects
    failingLeft -= part.deliveries.filter(isFailing).length
    deliveries.push(...part.deliveries)
    if (part.next) waits.push(part.next.dueIn)
  }
  const isKnown = waits.length > 0 && (waits.length === order.length || waits.includes(0))
  return { now, deliveries, suspects, ...(isKnown && { next: { dueIn: earliest(waits) } }) }
}

/** What other shards gave is answered although one fails, or its leases would be lost; the next claim begins with another, and tells of it. */
async function further<Claim>(
  alreadyClaimed: number,
  call: () => Promise<Claim>,
): Promise<Claim | undefined> {
  try {
    return await call()
  } catch (error) {
    if (alreadyClaimed === 0) throw error
    return undefined
  }
}

const isFailing = ({ endpoint }: ClaimedDelivery): boolean => endpoint.health.state === 'failing'
