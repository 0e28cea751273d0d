import type { ClaimedDelivery } from '../../model/delivery'
import { claimDeliveries } from '../../stores/memory/claims'
import { arrange, leaseRow } from '../../stores/memory/lanes'
import type { DeliveryRow } from '../../stores/memory/rows'
import { releaseLeases } from '../../stores/memory/settle'
import { findDelivery, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenOrders: readonly BrokenStore[] = [
  {
    name: 'starves a small endpoint',
    fails: [
      'fairness: one delivery is served beside the largest backlogs',
      'fairness: an early backlog does not keep a later endpoint waiting',
      'fairness: an endpoint of one tenant does not wait for the backlog of another',
      'fairness: every endpoint is served within as many claims as there are endpoints, one slot each',
      'fairness: every endpoint is served within as many claims as there are endpoints, several slots',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claim: async (request) => {
          if (request.solo) return deliveries.claim(request)
          const claim = await deliveries.claim({ ...request, limit: 1000 })
          const inOrder = claim.deliveries.toSorted((a, b) => a.endpoint.seq - b.endpoint.seq)
          await deliveries.release(inOrder.slice(request.limit).map(({ lease }) => lease))
          return { ...claim, deliveries: inOrder.slice(0, request.limit) }
        },
      },
    }),
  },
  {
    name: 'starves all but the first failing endpoint',
    fails: ['fairness: failing endpoints take turns within their share'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: (request) => {
          for (const lane of state.lanes.values()) {
            if (!state.failingLine.leave(lane)) continue
            lane.turn = lane.endpoint.seq
            state.failingLine.join(lane)
          }
          return deliveries.claim(request)
        },
      },
    }),
  },
  {
    name: 'serves the suspects of one endpoint before all others',
    fails: ['suspects: one waiting suspect is served however many others there are'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: (request) => {
          for (const lane of state.suspicious) lane.soloTurn = lane.endpoint.seq
          return deliveries.claim(request)
        },
      },
    }),
  },
  {
    name: 'claims the last in first',
    fails: ['claim: the longest due of an endpoint come first'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        insert: async (events) => {
          const answers = await deliveries.insert(events)
          for (const row of state.deliveries.values()) overtake(state, row)
          return answers
        },
      },
    }),
  },
  {
    name: 'reads what is due before it writes the lease',
    fails: [
      'claim: concurrent claims never share a delivery',
      'claim: concurrent claims together keep the cap',
    ],
    wrong: (_, state) => ({
      deliveries: {
        claim: async (request) => {
          const seen = claimDeliveries(state, request)
          releaseLeases(
            state,
            seen.deliveries.map(({ lease }) => lease),
          )
          await Promise.resolve()
          for (const claimed of seen.deliveries) leaseAgain(state, claimed, request.leaseMs)
          return seen
        },
      },
    }),
  },
]

function overtake(state: MemoryState, row: DeliveryRow): void {
  if (!row.lane?.ready.has(row) || row.progress.attempt > 0) return
  row.lane.ready.remove(row)
  row.dueAt = row.createdAt - row.seq * 1000
  row.lane.ready.push(row)
  arrange(state, row.lane, state.clock.now())
}

function leaseAgain(state: MemoryState, { lease }: ClaimedDelivery, leaseMs: number): void {
  const row = findDelivery(state, lease.tenantId, lease.deliveryId)
  if (!row?.lane) return
  leaseRow(state, row.lane, row, state.clock.now() + leaseMs)
  row.token = lease.token
  row.progress = { ...row.progress, attempt: lease.attempt }
  arrange(state, row.lane, state.clock.now())
}
