import type { DeliveryClaim, DeliveryClaimRequest } from '../../ports/delivery-store'
import type { MemoryStore } from '../../stores/memory/memory-store'
import type { BrokenStore } from './broken-store'

type Deliveries = MemoryStore['deliveries']
type HandOver = NonNullable<Deliveries['insertAndClaim']>

const claimed =
  'insertAndClaim: what was inserted is claimed at once, with all that an attempt needs'
const capped = 'insertAndClaim: keeps the free slots and the cap, and what is left over waits'

export const brokenHandOvers: readonly BrokenStore[] = [
  handingOver('claims before it inserts', [claimed], ({ insert, claim }) => async (...given) => {
    const [events, request] = given
    const before = await claim(request)
    return { events: await insert(events), claim: before }
  }),
  handingOver(
    'leases all that it inserts',
    [capped, 'insertAndClaim: concurrent calls together keep the cap'],
    (deliveries) => claimingOn(deliveries, { limit: 1000, perEndpoint: 1000 }),
  ),
  handingOver(
    'leases failing endpoints, whatever it may',
    ['insertAndClaim: claims nothing that a claim would not'],
    (deliveries) => claimingOn(deliveries, { failingLimit: 1000 }),
  ),
  handingOver(
    'leases only what it inserts',
    [
      'insertAndClaim: what was due before comes before it',
      'insertAndClaim: a tenant that sends has no turn before one that waits',
    ],
    (deliveries) => async (events, request) => {
      const inserted = await deliveries.insert(events)
      const ids = new Set(
        events.flatMap(({ fanOut }) => fanOut?.deliveries ?? []).map(({ id }) => id),
      )
      const claim = await deliveries.claim({ ...request, limit: 1000 })
      const own = claim.deliveries.filter(({ lease }) => ids.has(lease.deliveryId))
      await giveBack(deliveries, claim, own.slice(0, request.limit))
      return { events: inserted, claim: { ...claim, deliveries: own.slice(0, request.limit) } }
    },
  ),
  handingOver(
    'hands over what it does not lease',
    ['insertAndClaim: nobody else is given what it leased, until the lease ran out'],
    (deliveries) => async (events, request) => {
      const inserted = await deliveries.insert(events)
      const claim = await deliveries.claim(request)
      await giveBack(deliveries, claim, [])
      return { events: inserted, claim }
    },
  ),
  handingOver(
    'hands over again what is sent again',
    ['insertAndClaim: a duplicate writes nothing, and what is leased already is given to nobody'],
    (deliveries) => {
      const last: DeliveryClaim[] = []
      return async (events, request) => {
        const inserted = await deliveries.insert(events)
        const claim = await deliveries.claim(request)
        const [first] = last
        if (first !== undefined && inserted.every(({ duplicate }) => duplicate))
          return { events: inserted, claim: first }
        last.push(claim)
        return { events: inserted, claim }
      }
    },
  ),
  handingOver(
    'hands over whatever its order',
    ['insertAndClaim: holds a rate, and the order of a key'],
    ({ insert, claim }) =>
      async (events, request) => ({
        events: await insert(events.map(({ orderingKey: _, ...event }) => event)),
        claim: await claim(request),
      }),
  ),
  handingOver(
    'matches everything with nothing',
    ['insertAndClaim: an event that is not matched is only recorded'],
    ({ insert, claim }) =>
      async (events, request) => ({
        events: await insert(
          events.map((event) => ({ fanOut: { deliveries: [], bodies: [] }, ...event })),
        ),
        claim: await claim(request),
      }),
  ),
]

function handingOver(
  name: string,
  fails: BrokenStore['fails'],
  handOver: (deliveries: Deliveries) => HandOver,
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }) => ({ deliveries: { insertAndClaim: handOver(deliveries) } }),
  }
}

const claimingOn =
  ({ insert, claim }: Deliveries, terms: Partial<DeliveryClaimRequest>): HandOver =>
  async (events, request) => ({
    events: await insert(events),
    claim: await claim({ ...request, ...terms }),
  })

async function giveBack(
  deliveries: Deliveries,
  claim: DeliveryClaim,
  kept: DeliveryClaim['deliveries'],
): Promise<void> {
  const rest = claim.deliveries.filter((delivery) => !kept.includes(delivery))
  await deliveries.release(rest.map(({ lease }) => lease))
}
