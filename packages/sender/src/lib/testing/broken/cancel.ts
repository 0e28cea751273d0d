import { changeRow } from '../../stores/memory/lanes'
import { findDelivery } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenCancels: readonly BrokenStore[] = [
  {
    name: 'cancels and leaves the lease valid',
    fails: [
      'cancel: a lease on the delivery is void, and what it sent is still logged',
      'settle: one stale settlement hinders no other, and answers keep the order',
    ],
    wrong: ({ deliveries }, state) => {
      const tokens = new Map<string, string | undefined>()
      return {
        deliveries: {
          cancel: async (tenantId, id) => {
            tokens.set(id, findDelivery(state, tenantId, id)?.token)
            return deliveries.cancel(tenantId, id)
          },
          settle: async (batch) => {
            for (const { lease } of batch) {
              const row = findDelivery(state, lease.tenantId, lease.deliveryId)
              if (!row || tokens.get(row.id) !== lease.token) continue
              row.state = { status: 'delivering', leasedUntil: 0 }
              row.token = lease.token
            }
            return deliveries.settle(batch)
          },
        },
      }
    },
  },
  {
    name: 'cancels in the log alone',
    fails: ['cancel: a pending delivery is never claimed again'],
    wrong: (_, state) => ({
      deliveries: {
        cancel: async (tenantId, id) => {
          const row = findDelivery(state, tenantId, id)
          if (row) row.state = { status: 'canceled', finishedAt: state.clock.now() }
          return 'canceled'
        },
      },
    }),
  },
  {
    name: 'cancels only while nobody delivers',
    fails: ['cancel: a lease on the delivery is void, and what it sent is still logged'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        cancel: async (tenantId, id) =>
          findDelivery(state, tenantId, id)?.state.status === 'delivering'
            ? 'finished'
            : deliveries.cancel(tenantId, id),
      },
    }),
  },
  {
    name: 'cancels what is finished',
    fails: ['cancel: a finished delivery stays as it was'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        cancel: async (tenantId, id) => {
          const row = findDelivery(state, tenantId, id)
          if (row) changeRow(state, row, { status: 'canceled', finishedAt: state.clock.now() })
          return deliveries.cancel(tenantId, id)
        },
      },
    }),
  },
  {
    name: 'cancels for another tenant',
    fails: ["cancel: another tenant's delivery is not found"],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        cancel: (tenantId, id) => {
          const row = state.all.deliveries.find((known) => known.id === id)
          return deliveries.cancel(row?.event.tenantId ?? tenantId, id)
        },
      },
    }),
  },
]
