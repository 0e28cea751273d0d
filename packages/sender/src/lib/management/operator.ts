import { checkFields } from '../checks'
import type { Statistics } from '../ports/delivery-log'
import type { SenderStore } from '../ports/store'
import { whileBusy } from '../store-retry'
import { checkTenantId } from '../tenant-id'
import { type DeliveryFilter, deliveryQuery, getDelivery } from './deliveries'
import { type EventFilter, eventQuery } from './events'
import { type Page, type PageQuery, pageFields, pageOf } from './paging'
import {
  type Attempt,
  type Delivery,
  type Endpoint,
  type StoredEvent,
  viewAttempt,
  viewDelivery,
  viewEndpoint,
  viewEvent,
} from './views'

interface OfTenant {
  /** One tenant; absent: all of them. */
  readonly tenantId?: string
}

/** Reads that cross tenants, for the host's own operators. To act on what is found, use `sender.tenant(tenantId)`. */
export interface Operator {
  readonly deliveries: {
    list(filter?: DeliveryFilter & OfTenant): Promise<Page<Delivery>>
    /** Every request made for a delivery, oldest first, with what its tenant is not shown: that the address was forbidden. `delivery_not_found`. */
    attempts(delivery: {
      readonly tenantId: string
      readonly id: string
    }): Promise<readonly Attempt[]>
  }
  readonly events: { list(filter?: EventFilter & OfTenant): Promise<Page<StoredEvent>> }
  readonly endpoints: { list(query?: PageQuery & OfTenant): Promise<Page<Endpoint>> }
  statistics(): Promise<Statistics>
}

export function createOperator(store: SenderStore): Operator {
  return {
    deliveries: {
      list: async (filter = {}) => {
        const query = { ...deliveryQuery(filter, ['tenantId']), ...ofTenant(filter) }
        const page = await whileBusy(() => store.log.list(query))
        return { ...page, items: page.items.map(viewDelivery) }
      },
      attempts: async ({ tenantId, id }) => {
        await getDelivery({ store, tenantId: checkTenantId(tenantId) }, id)
        const records = await whileBusy(() => store.log.attempts(tenantId, id))
        return records.map(viewAttempt)
      },
    },
    events: {
      list: async (filter = {}) => {
        const query = { ...eventQuery(filter, ['tenantId']), ...ofTenant(filter) }
        const page = await whileBusy(() => store.log.events(query))
        return { ...page, items: page.items.map(viewEvent) }
      },
    },
    endpoints: {
      list: async (query = {}) => {
        checkFields('query', query, [...pageFields, 'tenantId'])
        const request = { ...pageOf(query), ...ofTenant(query) }
        const page = await whileBusy(() => store.endpoints.list(request))
        return { ...page, items: page.items.map(viewEndpoint) }
      },
    },
    statistics: () => whileBusy(() => store.log.statistics()),
  }
}

function ofTenant({ tenantId }: OfTenant): OfTenant {
  return tenantId === undefined ? {} : { tenantId: checkTenantId(tenantId) }
}
