import { WebhookError } from '@posthorn/schema'
import { checkFields } from '../checks'
import { compact } from '../compact'
import { type EventState, eventStates } from '../model/event'
import type { EventQuery } from '../ports/delivery-log'
import { whileBusy } from '../store-retry'
import { isId, oneOf, text, time } from './arguments'
import type { TenantContext } from './context'
import { type Page, type PageQuery, pageFields, pageOf } from './paging'
import { type StoredEvent, viewEvent } from './views'

/** Which events to list; all that is given must hold. */
export interface EventFilter extends PageQuery {
  readonly type?: string
  readonly state?: EventState['state']
  /** Recorded at or after. */
  readonly since?: Date | string
  /** Recorded before. */
  readonly until?: Date | string
}

/** The events of one tenant, matched by an endpoint or not. */
export interface Events {
  /** Rejects with `event_not_found` if the tenant has none of that id. */
  get(id: string): Promise<StoredEvent>
  /** Newest first. */
  list(filter?: EventFilter): Promise<Page<StoredEvent>>
}

export function createEvents(context: TenantContext): Events {
  const { store, tenantId } = context
  return {
    get: async (id) => {
      const record = isId(id) ? await whileBusy(() => store.log.event(tenantId, id)) : undefined
      if (record === undefined)
        throw new WebhookError('event_not_found', 'This tenant has no event of that id.')
      return viewEvent(record)
    },
    list: async (filter = {}) => {
      const page = await whileBusy(() => store.log.events({ tenantId, ...eventQuery(filter) }))
      return { ...page, items: page.items.map(viewEvent) }
    },
  }
}

const filterFields = [
  ...pageFields,
  'type',
  'state',
  'since',
  'until',
] satisfies (keyof EventFilter)[]

/** The filter as a store takes it. `further` are fields of the caller's own. */
export function eventQuery(
  filter: EventFilter,
  further: readonly string[] = [],
): Omit<EventQuery, 'tenantId'> {
  checkFields('filter', filter, [...filterFields, ...further])
  return {
    ...pageOf(filter),
    ...compact({
      type: text(filter.type, 'type'),
      state: oneOf(filter.state, 'state', eventStates),
      since: time(filter.since, 'since'),
      until: time(filter.until, 'until'),
    }),
  }
}
