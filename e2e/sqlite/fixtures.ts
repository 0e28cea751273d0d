import type { SenderStore } from '@posthorn/sender'
import { openSqlite, type SqliteDatabase } from '@posthorn/sqlite/sender'

type NewEvent = Parameters<SenderStore['deliveries']['insert']>[0][number]

/** A host's handle on the same file, opened without us, with the driver that `openSqlite` finds. */
export async function hostHandle(path: string, ...options: object[]): Promise<SqliteDatabase> {
  const probe = await openSqlite(':memory:')
  const handle = Reflect.construct(probe.constructor, [path, ...options])
  probe.close()
  handle.exec('CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY) STRICT')
  return handle
}

let ids = 0

export function newEvent(over: Partial<NewEvent> = {}): NewEvent {
  ids += 1
  return {
    tenantId: 'default',
    id: `evt_${ids}`,
    type: 'order.placed',
    version: 1,
    timestamp: 1_700_000_000_000,
    body: new TextEncoder().encode('{"data":{}}'),
    metadata: {},
    ...over,
  }
}

/** An event with a pending delivery to each endpoint. */
export function eventTo(...endpointIds: readonly string[]): NewEvent {
  const deliveries = endpointIds.map((endpointId) => {
    ids += 1
    return { id: `dlv_${ids}`, endpointId, state: { status: 'pending' as const } }
  })
  return newEvent({ fanOut: { deliveries, bodies: [] } })
}

type NewEndpoint = Parameters<SenderStore['endpoints']['insert']>[0]

export async function addEndpoint(
  store: SenderStore,
  id: string,
  over: Partial<NewEndpoint> = {},
): Promise<void> {
  await store.endpoints.insert({
    tenantId: 'default',
    id,
    url: 'https://example.com/hooks',
    eventTypes: ['*'],
    status: 'enabled',
    health: { state: 'healthy' },
    headers: {},
    secrets: [],
    metadata: {},
    ...over,
  })
}

/** A claim without any limit worth speaking of. */
export const everything = {
  limit: 100,
  leaseMs: 60_000,
  perEndpoint: 100,
  failingLimit: 100,
  probeAfterMs: 30_000,
  solo: false,
} as const

export async function claimIds(
  store: SenderStore,
  over: Partial<Parameters<SenderStore['deliveries']['claim']>[0]> = {},
): Promise<readonly string[]> {
  const { deliveries } = await store.deliveries.claim({ ...everything, ...over })
  return deliveries.map(({ lease }) => lease.deliveryId)
}

export async function eventIds(store: SenderStore): Promise<readonly string[]> {
  const { items } = await store.log.events({ limit: 100 })
  return items.map(({ id }) => id)
}
