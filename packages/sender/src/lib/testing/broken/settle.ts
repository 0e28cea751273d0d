import type { AttemptRecord, Settlement } from '../../model/delivery'
import { findDelivery, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenSettles: readonly BrokenStore[] = [
  settling(
    'ignores the token',
    (settlement, state) => present(state, settlement, 'token'),
    [
      'settle: token and attempt number both count',
      'settle: repeated, it is stale and logs its attempt once',
    ],
    true,
  ),
  settling(
    'ignores the attempt number',
    (settlement, state) => present(state, settlement, 'attempt'),
    ['settle: token and attempt number both count'],
  ),
  settling(
    'lets any worker settle',
    (settlement, state) => present(state, present(state, settlement, 'token'), 'attempt'),
    [
      'settle: a worker that lost its lease changes nothing',
      'settle: token and attempt number both count',
    ],
  ),
  settling('retries at once', (settlement) => delayed(settlement, () => 0), [
    'claim: nothing that is not due yet',
    "settle: a retry is due after its delay, by the store's clock",
  ]),
  settling('takes the delay for seconds', (settlement) => delayed(settlement, (ms) => ms * 1000), [
    'claim: a retry once it is due, as the next attempt',
    "settle: a retry is due after its delay, by the store's clock",
  ]),
  settling(
    'counts no deferral',
    (settlement) => ({ ...settlement, next: { ...settlement.next, deferred: false } }),
    ['settle: a deferred retry is counted as deferred'],
  ),
  settling(
    'keeps no response body',
    (settlement) => logged(settlement, ({ responseBody: _, ...attempt }) => attempt),
    ['settle: keeps every field of an attempt, and the last status'],
  ),
  settling(
    'fails everything as exhausted',
    (settlement) =>
      settlement.next.status === 'failed'
        ? { ...settlement, next: { status: 'failed', reason: 'exhausted' } }
        : settlement,
    ['settle: a finished delivery says how and when, and is never claimed again'],
  ),
  settling(
    'settles for another tenant',
    ({ lease, ...settlement }, state) => {
      const row = state.all.deliveries.find(({ id }) => id === lease.deliveryId)
      return { ...settlement, lease: { ...lease, tenantId: row?.event.tenantId ?? lease.tenantId } }
    },
    ["settle: another tenant's name for a lease changes nothing"],
  ),
  {
    name: 'loses a settlement of a partial batch',
    fails: ['settle: one stale settlement hinders no other, and answers keep the order'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          const end = batch.findIndex((settlement) => !isHeld(state, settlement))
          const kept = end < 0 ? batch : batch.slice(0, end)
          await deliveries.settle(kept)
          return batch.map((_, index) => (index === end ? 'stale' : 'applied'))
        },
      },
    }),
  },
  {
    name: 'gives a whole batch its first outcome',
    fails: ['settle: a batch mixes successes, retries and failures'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        settle: (batch) =>
          deliveries.settle(
            batch.map((settlement) => ({ ...settlement, next: batch[0]?.next ?? settlement.next })),
          ),
      },
    }),
  },
  {
    name: 'applies a batch whole or not at all',
    fails: ['settle: one stale settlement hinders no other, and answers keep the order'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) =>
          batch.every((settlement) => isHeld(state, settlement))
            ? deliveries.settle(batch)
            : batch.map(() => 'stale' as const),
      },
    }),
  },
  {
    name: 'loses the attempt of a stale worker',
    fails: [
      'settle: a stale attempt is logged all the same',
      'cancel: a lease on the delivery is void, and what it sent is still logged',
    ],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: (batch) =>
          deliveries.settle(
            batch.map((settlement) => {
              const { attempt: _, ...silent } = settlement
              return isHeld(state, settlement) ? settlement : silent
            }),
          ),
      },
    }),
  },
  {
    name: 'refuses a lease as soon as it ran out',
    fails: ['settle: a lease that ran out still counts until another takes it'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          const now = state.clock.now()
          const inTime = batch.filter(({ lease }) => {
            const row = findDelivery(state, lease.tenantId, lease.deliveryId)
            return row?.state.status !== 'delivering' || row.state.leasedUntil > now
          })
          const verdicts = new Map((await deliveries.settle(inTime)).map((v, i) => [inTime[i], v]))
          return batch.map((settlement) => verdicts.get(settlement) ?? 'stale')
        },
      },
    }),
  },
  {
    name: 'logs an attempt once more when told again',
    fails: ['settle: repeated, it is stale and logs its attempt once'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          for (const { lease, attempt } of batch) {
            const row = findDelivery(state, lease.tenantId, lease.deliveryId)
            if (attempt && row?.token === undefined) row?.attempts.push(attempt)
          }
          return deliveries.settle(batch)
        },
      },
    }),
  },
  {
    name: 'forgets the last status when no response came',
    fails: ['settle: an attempt without a response keeps the last status there was'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          for (const { lease } of batch) {
            const row = findDelivery(state, lease.tenantId, lease.deliveryId)
            if (row) row.lastStatus = undefined
          }
          return deliveries.settle(batch)
        },
      },
    }),
  },
  {
    name: 'checks the lease before it writes, without a lock',
    fails: ['settle: under one lease exactly one of many takes effect'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          const held = batch.map((settlement) => isHeld(state, settlement))
          await Promise.resolve()
          await deliveries.settle(batch)
          return held.map((is) => (is ? 'applied' : 'stale'))
        },
      },
    }),
  },
  {
    name: 'fails on a delivery it does not know',
    fails: ['settle: a delivery nobody knows is stale'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          for (const { lease } of batch) {
            if (!findDelivery(state, lease.tenantId, lease.deliveryId)) {
              throw new TypeError('no such delivery')
            }
          }
          return deliveries.settle(batch)
        },
      },
    }),
  },
]

function settling(
  name: string,
  edit: (settlement: Settlement, state: MemoryState) => Settlement,
  fails: BrokenStore['fails'],
  finishedToo = false,
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          const verdicts = await deliveries.settle(batch.map((item) => edit(item, state)))
          return finishedToo ? batch.map(() => 'applied') : verdicts
        },
      },
    }),
  }
}

function present(
  state: MemoryState,
  settlement: Settlement,
  part: 'token' | 'attempt',
): Settlement {
  const { lease } = settlement
  const row = findDelivery(state, lease.tenantId, lease.deliveryId)
  if (row?.token === undefined) return settlement
  const now = part === 'token' ? { token: row.token } : { attempt: row.progress.attempt }
  return { ...settlement, lease: { ...lease, ...now } }
}

function isHeld(state: MemoryState, { lease }: Settlement): boolean {
  const row = findDelivery(state, lease.tenantId, lease.deliveryId)
  return row?.state.status === 'delivering' && row.token === lease.token
}

function delayed(settlement: Settlement, delay: (ms: number) => number): Settlement {
  const { next } = settlement
  if (next.status !== 'pending') return settlement
  return { ...settlement, next: { ...next, retryInMs: delay(next.retryInMs) } }
}

function logged(
  settlement: Settlement,
  edit: (attempt: AttemptRecord) => AttemptRecord,
): Settlement {
  const { attempt } = settlement
  return attempt ? { ...settlement, attempt: edit(attempt) } : settlement
}
