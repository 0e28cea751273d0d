import type { SenderStore } from '@posthorn/sender'
import type { FakeClock } from '@posthorn/sender/testing'
import { seededRandom } from '../lib/random'

type Claimed = Awaited<ReturnType<SenderStore['deliveries']['claim']>>['deliveries'][number]
type ClaimRequest = Parameters<SenderStore['deliveries']['claim']>[0]

interface ModelDelivery {
  readonly id: string
  readonly endpoint: ModelEndpoint
  dueAt: number
  lost: number
  /** The latest claim, until it is settled, released or canceled; its lease may have run out. */
  claim?: { readonly claimed: Claimed; until: number }
}

interface ModelEndpoint {
  readonly id: string
  paused: boolean
  failing: boolean
  throttledUntil: number
}

/** Whole numbers from 0 to below what is asked for. */
export function createRandom(seed: number): (below: number) => number {
  const random = seededRandom(seed)
  return (below) => Math.floor(random() * below)
}

/** What a store should answer, worked out by looking at every delivery each time. */
export class QueueModel {
  readonly endpoints: ModelEndpoint[] = []
  readonly deliveries = new Map<string, ModelDelivery>()
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get now(): number {
    return this.#clock.now()
  }

  isHeld({ claim }: ModelDelivery): boolean {
    return claim !== undefined && claim.until > this.now
  }

  /** Losses, with the lease that ran out and was not replaced yet. */
  lossesOf(delivery: ModelDelivery): number {
    return delivery.lost + (delivery.claim && !this.isHeld(delivery) ? 1 : 0)
  }

  isSuspect(delivery: ModelDelivery): boolean {
    return this.lossesOf(delivery) >= 2
  }

  isOpen({ paused, throttledUntil }: ModelEndpoint): boolean {
    return !paused && throttledUntil <= this.now
  }

  isClaimable(delivery: ModelDelivery): boolean {
    return delivery.dueAt <= this.now && !this.isHeld(delivery) && this.isOpen(delivery.endpoint)
  }

  of(endpoint: ModelEndpoint): ModelDelivery[] {
    return [...this.deliveries.values()].filter((delivery) => delivery.endpoint === endpoint)
  }

  /** How many deliveries each endpoint could give to a claim without a total limit. */
  #available(request: ClaimRequest, suspects: boolean): { healthy: number; failing: number } {
    const sum = { healthy: 0, failing: 0 }
    for (const endpoint of this.endpoints) {
      const all = this.of(endpoint)
      const room = request.perEndpoint - all.filter((delivery) => this.isHeld(delivery)).length
      const ready = all.filter(
        (delivery) => this.isClaimable(delivery) && this.isSuspect(delivery) === suspects,
      )
      sum[endpoint.failing ? 'failing' : 'healthy'] += Math.max(0, Math.min(room, ready.length))
    }
    return sum
  }

  /** How many deliveries a claim has to answer. */
  expectedCount(request: ClaimRequest): number {
    const { healthy, failing } = this.#available(request, request.solo)
    const most = Math.min(request.limit, healthy + Math.min(failing, request.failingLimit))
    return request.solo ? Math.min(1, most) : most
  }

  hasWaitingSuspects(): boolean {
    return [...this.deliveries.values()].some(
      (delivery) => this.isClaimable(delivery) && this.isSuspect(delivery),
    )
  }

  /** The earliest time at which a claim without limits could answer something. */
  nextDue(): number | undefined {
    const times = [...this.deliveries.values()]
      .filter(({ endpoint }) => !endpoint.paused)
      .map((delivery) => {
        const free = this.isHeld(delivery) ? (delivery.claim?.until ?? 0) : delivery.dueAt
        return Math.max(free, delivery.endpoint.throttledUntil)
      })
    return times.length === 0 ? undefined : Math.min(...times)
  }

  applyClaim(claimed: readonly Claimed[], leaseMs: number): void {
    for (const one of claimed) {
      const delivery = this.deliveries.get(one.lease.deliveryId)
      if (!delivery) throw new TypeError(`claimed ${one.lease.deliveryId}, which is not unfinished`)
      delivery.lost = this.lossesOf(delivery)
      delivery.claim = { claimed: one, until: this.now + leaseMs }
    }
  }
}
