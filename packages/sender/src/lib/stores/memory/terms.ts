import type { EndpointRecord, OrderPolicy } from '../../model/endpoint'
import { opensAt, type Pace, paceOf } from '../../model/pace'
import type { DeliveryClaimRequest } from '../../ports/delivery-store'
import type { Lane } from './rows'

/*
 * What an endpoint's requests are bound to. A disabled endpoint gets none: its deliveries are claimed to be skipped, and but for a throttle
 * nothing holds them back.
 */

const getsRequests = ({ status }: EndpointRecord): boolean => status !== 'disabled'

export const effectiveOrder = (endpoint: EndpointRecord): OrderPolicy | undefined =>
  getsRequests(endpoint) ? endpoint.ordered : undefined

export const effectivePace = (endpoint: EndpointRecord): Pace | undefined =>
  endpoint.rateLimit && getsRequests(endpoint) ? paceOf(endpoint.rateLimit) : undefined

/** When the lane's endpoint may be asked at all; undefined while it is paused. */
export function openFrom({ endpoint, paceDue }: Lane): number | undefined {
  if (endpoint.status === 'paused') return undefined
  const throttled = endpoint.throttledUntil ?? 0
  if (!getsRequests(endpoint)) return throttled
  const pace = effectivePace(endpoint)
  return Math.max(throttled, probeAtOf(endpoint), pace ? opensAt(pace, paceDue) : 0)
}

const probeAtOf = ({ health }: EndpointRecord): number =>
  health.state === 'failing' ? (health.probeAt ?? 0) : 0

/** How many unexpired leases the endpoint may have. */
export function capOf(
  endpoint: EndpointRecord,
  { perEndpoint, probeAfterMs }: DeliveryClaimRequest,
  now: number,
): number {
  const { health } = endpoint
  const probed = health.state === 'failing' && now - health.since >= probeAfterMs
  return probed && getsRequests(endpoint) ? Math.min(1, perEndpoint) : perEndpoint
}
