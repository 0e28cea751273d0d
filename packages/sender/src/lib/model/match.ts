import type { EndpointRecord } from './endpoint'
import type { NewDelivery } from './event'
import { compileFilter, type Filter } from './filter'
import { matchesType } from './patterns'

export interface EventToMatch {
  readonly type: string
  /** The event's data, decoded on demand: asked for at most once, and only when a filter needs it. */
  readonly data: () => unknown
  /** Endpoints with a higher `seq` were created after the event was recorded, and never match it. Absent: all may. */
  readonly horizon?: number
}

/** An endpoint whose subscription names the event's type, and whether it will be sent there. */
export interface Match {
  readonly endpoint: EndpointRecord
  readonly state: NewDelivery['state']
}

type Predicate = (data: unknown) => boolean

/**
 * Which endpoints an event concerns. The filter is asked before the status: what a filter keeps back would not have been sent by an
 * enabled endpoint either, and no recovery is to bring it. Paused endpoints' deliveries wait as pending ones.
 */
export function match(event: EventToMatch, endpoints: readonly EndpointRecord[]): readonly Match[] {
  const horizon = event.horizon ?? Number.POSITIVE_INFINITY
  const passes = createFilterCheck(event.data)
  return endpoints
    .filter((endpoint) => endpoint.seq <= horizon && matchesType(endpoint.eventTypes, event.type))
    .map((endpoint) => ({ endpoint, state: stateFor(endpoint, passes) }))
}

function stateFor(endpoint: EndpointRecord, passes: (filter: Filter) => boolean): Match['state'] {
  if (endpoint.filter !== undefined && !passes(endpoint.filter))
    return { status: 'skipped', reason: 'filtered' }
  if (endpoint.status === 'disabled') return { status: 'skipped', reason: 'disabled' }
  return { status: 'pending' }
}

/** Data that cannot be read passes no filter. */
function createFilterCheck(data: () => unknown): (filter: Filter) => boolean {
  let read: { readonly value: unknown } | 'unread' | 'unreadable' = 'unread'
  return (filter) => {
    if (read === 'unread') read = tryRead(data)
    return read !== 'unreadable' && predicateOf(filter)(read.value)
  }
}

function tryRead(data: () => unknown): { readonly value: unknown } | 'unreadable' {
  try {
    return { value: data() }
  } catch {
    return 'unreadable'
  }
}

/** Endpoints are matched far more often than they change. */
const compiled = new WeakMap<Filter, Predicate>()

/** A stored filter that this version cannot evaluate lets nothing through: too little sent shows in the log, too much leaks. */
function predicateOf(filter: Filter): Predicate {
  const known = compiled.get(filter)
  if (known !== undefined) return known
  try {
    const predicate = compileFilter(filter)
    compiled.set(filter, predicate)
    return predicate
  } catch {
    return () => false
  }
}
