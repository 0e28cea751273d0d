import type { FailureReason, NextState } from '../../../model/delivery'
import type { EndpointRecord } from '../../../model/endpoint'
import type { ClaimedEvent } from '../../../model/event'
import type { Bench } from '../bench'
import { idsOf } from '../helpers'

export const keyed = (orderingKey: string) => ({ orderingKey })

export const failed = (reason: FailureReason): NextState => ({ status: 'failed', reason })

export const retryIn = (retryInMs: number): NextState => ({
  status: 'pending',
  retryInMs,
  deferred: false,
})

/** Claims what may be claimed, and lets it succeed; answers the ids. */
export async function succeed(bench: Bench): Promise<readonly string[]> {
  const { deliveries } = await bench.claim()
  await bench.store.deliveries.settle(
    deliveries.map(({ lease }) => ({ lease, next: { status: 'succeeded' } })),
  )
  return idsOf(deliveries)
}

/** The ids of the deliveries that a recorded event is fanned out to. */
export async function fanOut(
  bench: Bench,
  { tenantId, id, token }: ClaimedEvent,
  endpoints: readonly EndpointRecord[],
): Promise<readonly string[]> {
  const outcome = { kind: 'fanned_out' as const, ...bench.fanOut(endpoints) }
  await bench.store.deliveries.fanOut([{ tenantId, id, token, outcome }])
  return outcome.deliveries.map((delivery) => delivery.id)
}
