import type {
  ClaimedDelivery,
  DeliveryClaim,
  DeliveryClaimRequest,
  EndpointRecord,
} from '@posthorn/sender'
import { compact } from '@posthorn/sender/store'
import type { Database } from '../database'
import {
  flag,
  int,
  optionalBytes,
  optionalText,
  type Row,
  rows,
  strings,
  text,
  unexpected,
} from '../values'
import { rowOf } from './answers'
import { toEndpoint } from './endpoint-row'

/** Where this process is in the ring of lanes: the last ones it served. */
export interface RingPlaces {
  served: number
  failingServed: number
  soloServed: number
}

export const startOfRing = (): RingPlaces => ({ served: 0, failingServed: 0, soloServed: 0 })

export async function claimDeliveries(
  database: Database,
  places: RingPlaces,
  request: DeliveryClaimRequest,
): Promise<DeliveryClaim> {
  const answer = rowOf(await database.call('claim_deliveries', { ...request, ...places }))
  places.served = int(answer, 'served')
  places.failingServed = int(answer, 'failingServed')
  places.soloServed = int(answer, 'soloServed')
  const endpoints = new Map(
    rows(answer, 'endpoints').map((row) => [keyOf(row, 'tenant_id', 'id'), toEndpoint(row)]),
  )
  return {
    now: int(answer, 'now'),
    deliveries: rows(answer, 'deliveries').map((row) => toClaimed(row, endpoints)),
    suspects: flag(answer, 'suspects'),
  }
}

const keyOf = (row: Row, tenant: string, id: string): string =>
  JSON.stringify([row[tenant], row[id]])

function toClaimed(row: Row, endpoints: ReadonlyMap<string, EndpointRecord>): ClaimedDelivery {
  const endpoint = endpoints.get(keyOf(row, 'tenantId', 'endpointId'))
  if (!endpoint) throw unexpected('endpoints')
  const attempt = int(row, 'attempt')
  const claimed = compact({
    lease: {
      tenantId: text(row, 'tenantId'),
      deliveryId: text(row, 'id'),
      attempt,
      token: text(row, 'token'),
    },
    eventId: text(row, 'eventId'),
    eventType: text(row, 'eventType'),
    orderingKey: optionalText(row, 'orderingKey'),
    messageId: text(row, 'messageId'),
    progress: {
      attempt,
      lost: int(row, 'lost'),
      soloLost: int(row, 'soloLost'),
      deferred: int(row, 'deferred'),
    },
    createdAt: int(row, 'createdAt'),
    endpoint,
    metadata: strings(row, 'metadata'),
  })
  return { ...claimed, body: optionalBytes(row, 'body') }
}

export async function nextDueIn(database: Database): Promise<number | undefined> {
  const answer = await database.call('next_due_in')
  return typeof answer === 'number' ? answer : undefined
}
