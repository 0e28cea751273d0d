import type { LeaseRef } from '../../model/delivery'
import { findDelivery, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenLeases: readonly BrokenStore[] = [
  {
    name: 'extends a lost lease',
    fails: ['extend: a lease that another took over is not prolonged'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        extend: async (leases, leaseMs) => {
          await deliveries.extend(
            leases.map((lease) => present(state, lease)),
            leaseMs,
          )
          return leases
        },
      },
    }),
  },
  {
    name: 'extends a lease that ran out',
    fails: ['extend: a lease that ran out is not prolonged'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        extend: async (leases, leaseMs) => {
          for (const lease of leases) revive(state, lease)
          return deliveries.extend(leases, leaseMs)
        },
      },
    }),
  },
  {
    name: 'says that it extended, and does not',
    fails: ['extend: a prolonged lease holds beyond its first end'],
    wrong: ({ deliveries }) => ({
      deliveries: { extend: (leases) => deliveries.extend(leases, 0) },
    }),
  },
  {
    name: 'extends for ever',
    fails: ['extend: a prolonged lease runs out in its turn'],
    wrong: ({ deliveries }) => ({
      deliveries: { extend: (leases) => deliveries.extend(leases, 1e12) },
    }),
  },
  {
    name: 'answers every lease it was asked to extend',
    fails: ['extend: answers the leases still held, and no other'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        extend: async (leases, leaseMs) => {
          await deliveries.extend(leases, leaseMs)
          return leases
        },
      },
    }),
  },
  {
    name: 'extends for another tenant',
    fails: ["extend: another tenant's name for a lease is none"],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        extend: (leases, leaseMs) =>
          deliveries.extend(
            leases.map((lease) => owned(state, lease)),
            leaseMs,
          ),
      },
    }),
  },
  {
    name: 'blames what was released',
    fails: ['release: due at once, without blame'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        release: async (leases) => {
          const next = { status: 'pending', retryInMs: 0, deferred: false } as const
          await deliveries.settle(leases.map((lease) => ({ lease, next })))
        },
      },
    }),
  },
  {
    name: 'releases what another holds',
    fails: ['release: a lease that another took over is left alone'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        release: (leases) => deliveries.release(leases.map((lease) => present(state, lease))),
      },
    }),
  },
  {
    name: 'releases for another tenant',
    fails: ["release: another tenant's name for a lease is none"],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        release: (leases) => deliveries.release(leases.map((lease) => owned(state, lease))),
      },
    }),
  },
  {
    name: 'leaves a released lease valid',
    fails: ['release: a lease given back is void'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        settle: async (batch) => {
          for (const { lease } of batch) {
            const row = findDelivery(state, lease.tenantId, lease.deliveryId)
            if (row?.state.status !== 'pending') continue
            row.state = { status: 'delivering', leasedUntil: 0 }
            row.progress = { ...row.progress, attempt: lease.attempt }
            row.token = lease.token
          }
          return deliveries.settle(batch)
        },
      },
    }),
  },
  {
    name: 'gives up a batch of releases at a stale one',
    fails: ['release: one stale lease hinders no other'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        release: async (leases) => {
          const stale = leases.some((lease) => present(state, lease).token !== lease.token)
          if (!stale) await deliveries.release(leases)
        },
      },
    }),
  },
]

/** The lease that the delivery is under now, whoever asks. */
function present(state: MemoryState, lease: LeaseRef): LeaseRef {
  const row = findDelivery(state, lease.tenantId, lease.deliveryId)
  return row?.token === undefined
    ? { ...lease, token: '' }
    : { ...lease, token: row.token, attempt: row.progress.attempt }
}

function owned(state: MemoryState, lease: LeaseRef): LeaseRef {
  const row = state.all.deliveries.find(({ id }) => id === lease.deliveryId)
  return { ...lease, tenantId: row?.event.tenantId ?? lease.tenantId }
}

function revive(state: MemoryState, lease: LeaseRef): void {
  const row = findDelivery(state, lease.tenantId, lease.deliveryId)
  if (row && state.leases.has(row)) {
    state.leases.remove(row)
    row.leasedUntil = Math.max(row.leasedUntil, state.clock.now() + 1)
    state.leases.push(row)
  }
}
