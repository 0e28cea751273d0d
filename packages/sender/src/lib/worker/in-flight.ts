import type { ClaimedDelivery, LeaseRef } from '../model/delivery'

/** What this worker has claimed and not settled yet. */
export interface InFlight {
  readonly size: number
  /** Those of them whose attempt has not ended; the outcomes of the others are on their way to the store. */
  readonly attempting: number
  /** How many of them are of failing endpoints. */
  readonly failing: number
  add(delivery: ClaimedDelivery): void
  /** Counts `slots` as in flight, for deliveries that are on their way in; answers how to give them back. */
  reserve(slots: number): () => void
  /** Its attempt is over. */
  attempted(delivery: ClaimedDelivery): void
  remove(delivery: ClaimedDelivery): void
  leases(): readonly LeaseRef[]
  /** Resolves when the next one is removed; at once when nothing is in flight. */
  freed(): Promise<void>
  /** Resolves when nothing is in flight. */
  drained(): Promise<void>
}

/** What others are told. */
export interface InFlightListener {
  /** An attempt is over; so many are not. */
  attempted(attempting: number): void
  /** A delivery is settled. */
  removed(): void
}

export function createInFlight(listener: InFlightListener): InFlight {
  const held = new Map<string, ClaimedDelivery>()
  const ended = new Set<string>()
  let failing = 0
  let reserved = 0
  const waiters: (() => void)[] = []
  const size = (): number => held.size + reserved
  const freed = (): Promise<void> =>
    size() === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))
  const tellWaiters = (): void => {
    for (const resolve of waiters.splice(0)) resolve()
  }
  return {
    get size() {
      return size()
    },
    get attempting() {
      return size() - ended.size
    },
    get failing() {
      return failing
    },
    add(delivery) {
      held.set(delivery.lease.token, delivery)
      if (delivery.endpoint.health.state === 'failing') failing += 1
    },
    reserve(slots) {
      reserved += slots
      return () => {
        reserved -= slots
        tellWaiters()
      }
    },
    attempted({ lease }) {
      if (!held.has(lease.token)) return
      ended.add(lease.token)
      listener.attempted(size() - ended.size)
    },
    remove(delivery) {
      if (!held.delete(delivery.lease.token)) return
      ended.delete(delivery.lease.token)
      if (delivery.endpoint.health.state === 'failing') failing -= 1
      tellWaiters()
      listener.removed()
    },
    leases: () => [...held.values()].map((delivery) => delivery.lease),
    freed,
    async drained() {
      while (size() > 0) await freed()
    },
  }
}
