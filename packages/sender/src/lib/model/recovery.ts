import type { DeliveryRecord } from './delivery'

/** What `recover` sends again: what failed, what was never attempted, or everything. */
export type RecoverySelection = 'failed' | 'missing' | 'all'

/**
 * Whether an event is to be delivered again to an endpoint. `deliveries` are those it had there, oldest first; `matches` says whether the
 * endpoint wants the event today. What is still under way is left alone. A canceled delivery was stopped on purpose: it neither failed
 * nor is missing.
 */
export function selectForRecovery(
  only: RecoverySelection,
  deliveries: readonly DeliveryRecord[],
  matches: boolean,
): boolean {
  if (deliveries.some(isUnfinished)) return false
  switch (only) {
    case 'failed':
      return deliveries.filter(wasAttempted).at(-1)?.state.status === 'failed'
    case 'missing':
      return matches && deliveries.every((delivery) => delivery.state.status === 'skipped')
    case 'all':
      return matches || deliveries.length > 0
  }
}

function isUnfinished({ state }: DeliveryRecord): boolean {
  return state.status === 'pending' || state.status === 'delivering'
}

function wasAttempted({ state }: DeliveryRecord): boolean {
  return state.status === 'succeeded' || state.status === 'failed'
}
