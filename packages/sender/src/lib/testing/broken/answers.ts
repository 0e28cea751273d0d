import type { ClaimedDelivery } from '../../model/delivery'
import type { EndpointRecord } from '../../model/endpoint'
import type { DeliveryClaim } from '../../ports/delivery-store'
import type { BrokenStore } from './broken-store'

export const brokenAnswers: readonly BrokenStore[] = [
  answering(
    'gives all claims one token',
    ['claim: every claim has a token of its own'],
    (claimed) => ({ ...claimed, lease: { ...claimed.lease, token: '1' } }),
  ),
  answering(
    'never counts a lost lease',
    ['claim: a delivery whose lease ran out is claimed again, and counted as lost'],
    (claimed) => ({ ...claimed, progress: { ...claimed.progress, lost: 0 } }),
  ),
  answering(
    'blames the bystanders of a crash',
    ['suspects: bystanders of a crash are not blamed'],
    (claimed) => ({
      ...claimed,
      progress: { ...claimed.progress, soloLost: claimed.progress.lost },
    }),
  ),
  answering(
    'never blames a delivery that was lost alone',
    ['suspects: a lease lost alone counts against the delivery'],
    (claimed) => ({ ...claimed, progress: { ...claimed.progress, soloLost: 0 } }),
  ),
  answering(
    'takes every delivery for one tenant’s',
    ["claim: serves every tenant, each with its own tenant's lease"],
    (claimed) => ({ ...claimed, lease: { ...claimed.lease, tenantId: 'acme' } }),
  ),
  {
    name: 'counts every solo claim as lost',
    fails: ['suspects: a solo claim that was settled is not a loss'],
    wrong: ({ deliveries }) => {
      let soloLost = 0
      return {
        deliveries: {
          claim: async (request) => {
            const claim = await deliveries.claim(request)
            const blamed = claim.deliveries.map((claimed) => ({
              ...claimed,
              progress: { ...claimed.progress, soloLost },
            }))
            if (request.solo) soloLost += blamed.length
            return { ...claim, deliveries: blamed }
          },
        },
      }
    },
  },
  answering('drops metadata', ['claim: answers all that an attempt needs'], (claimed) => ({
    ...claimed,
    metadata: {},
  })),
  {
    name: 'remembers an endpoint as it first saw it',
    fails: ['claim: carries the endpoint as it stands now'],
    wrong: ({ deliveries, endpoints }) => {
      const first = new Map<string, EndpointRecord>()
      return {
        endpoints: {
          insert: async (endpoint) => {
            const record = await endpoints.insert(endpoint)
            first.set(record.id, record)
            return record
          },
        },
        deliveries: {
          claim: async (request) => {
            const claim = await deliveries.claim(request)
            const remembered = claim.deliveries.map((claimed) => ({
              ...claimed,
              endpoint: first.get(claimed.endpoint.id) ?? claimed.endpoint,
            }))
            return { ...claim, deliveries: remembered }
          },
        },
      }
    },
  },
  {
    name: 'claims suspects with all the others',
    fails: [
      'suspects: a delivery lost twice is left alone by ordinary claims, which say that it waits',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          if (request.solo) return claim
          const suspects = await deliveries.claim({ ...request, solo: true })
          return { ...claim, deliveries: [...claim.deliveries, ...suspects.deliveries] }
        },
      },
    }),
  },
  {
    name: 'claims several suspects together',
    fails: ['suspects: a solo claim answers one suspect and nothing else'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          if (!request.solo) return claim
          const second = await deliveries.claim(request)
          return { ...claim, deliveries: [...claim.deliveries, ...second.deliveries] }
        },
      },
    }),
  },
  {
    name: 'claims anything when asked for suspects',
    fails: ['suspects: a solo claim answers nothing while nothing is suspect'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          if (!request.solo || claim.deliveries.length > 0) return claim
          return deliveries.claim({ ...request, solo: false, limit: Math.min(1, request.limit) })
        },
      },
    }),
  },
  saying('never tells of suspects', false, [
    'suspects: a delivery lost twice is left alone by ordinary claims, which say that it waits',
  ]),
  saying('tells of suspects when there are none', true, [
    'suspects: a delivery lost once is claimed like any other',
    'suspects: a suspect that is not due yet waits unannounced',
  ]),
]

/** A store that tells the worker something wrong about each delivery. */
function answering(
  name: string,
  fails: BrokenStore['fails'],
  answer: (claimed: ClaimedDelivery) => ClaimedDelivery,
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          return { ...claim, deliveries: claim.deliveries.map(answer) }
        },
      },
    }),
  }
}

function saying(
  name: string,
  suspects: DeliveryClaim['suspects'],
  fails: BrokenStore['fails'],
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }) => ({
      deliveries: {
        claim: async (request) => ({ ...(await deliveries.claim(request)), suspects }),
      },
    }),
  }
}
