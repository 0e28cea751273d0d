import type { EndpointRecord } from '../../../model/endpoint'
import type { DeliveryClaimRequest } from '../../../ports/delivery-store'
import type { Bench } from '../bench'
import { inTurn } from '../helpers'

export type Slots = Partial<DeliveryClaimRequest>

/** Claims and settles, so that no cap fills up; answers which endpoints each claim served, by their ids unless asked otherwise. */
export function serve(
  bench: Bench,
  times: number,
  slots: Slots,
  nameOf: (endpoint: EndpointRecord) => string = ({ id }) => id,
): Promise<ReadonlySet<string>[]> {
  return inTurn(times, async () => {
    const { deliveries } = await bench.claim(slots)
    await bench.store.deliveries.settle(
      deliveries.map(({ lease }) => ({ lease, next: { status: 'succeeded' } })),
    )
    return new Set(deliveries.map(({ endpoint }) => nameOf(endpoint)))
  })
}
