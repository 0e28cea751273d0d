import type { EndpointRecord } from '../model/endpoint'
import type { EndpointTransition } from '../ports/endpoint-store'

/** What a change makes of an endpoint. */
export interface Transitioned {
  /** The very record that was given where nothing changed. Its `revision` and `updatedAt` are for the store to raise. */
  readonly record: EndpointRecord
  /** Whether health or status changed, which is what `EndpointStore.transition` answers. */
  readonly turned: boolean
}

/**
 * The laws of `EndpointStore.transition`, for stores that keep them in TypeScript: to be called, and its record written, in one step. `now` is
 * the store's clock, in milliseconds.
 */
export function transitioned(
  record: EndpointRecord,
  change: EndpointTransition,
  now: number,
): Transitioned {
  if (!stillHolds(record, change)) return { record, turned: false }
  const turned = disabled(healed(record, change, now), change)
  return {
    record: putOff(throttled(turned, change, now), change, now),
    turned: turned !== record,
  }
}

function stillHolds(record: EndpointRecord, { onlyIf = {} }: EndpointTransition): boolean {
  const { failingSince, url } = onlyIf
  if (url !== undefined && url !== record.url) return false
  if (failingSince === undefined) return true
  return record.health.state === 'failing' && record.health.since === failingSince
}

function healed(
  record: EndpointRecord,
  { health }: EndpointTransition,
  now: number,
): EndpointRecord {
  if (!health || health.from !== record.health.state || health.to === health.from) return record
  return {
    ...record,
    health: health.to === 'failing' ? { state: 'failing', since: now } : { state: 'healthy' },
  }
}

function disabled(record: EndpointRecord, { disable }: EndpointTransition): EndpointRecord {
  if (!disable || record.status === 'disabled') return record
  return { ...record, status: 'disabled', disabledReason: disable }
}

function throttled(
  record: EndpointRecord,
  { throttleForMs }: EndpointTransition,
  now: number,
): EndpointRecord {
  if (throttleForMs === undefined) return record
  const until = now + throttleForMs
  return until > (record.throttledUntil ?? 0) ? { ...record, throttledUntil: until } : record
}

function putOff(
  record: EndpointRecord,
  { probeInMs }: EndpointTransition,
  now: number,
): EndpointRecord {
  const { health } = record
  if (probeInMs === undefined || health.state === 'healthy') return record
  const probeAt = now + probeInMs
  return probeAt > (health.probeAt ?? 0) ? { ...record, health: { ...health, probeAt } } : record
}
