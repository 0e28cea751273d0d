import type { EventVerdict } from '../../model/event'
import { addDelivery, claimEvents } from '../../stores/memory/events'
import type { EventRow } from '../../stores/memory/rows'
import { findEvent, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenMatching: readonly BrokenStore[] = [
  {
    name: 'forgets the lease of an event',
    fails: ['match: nobody else is given an event under its lease'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claimEvents: (request) => deliveries.claimEvents({ ...request, leaseMs: 0 }),
      },
    }),
  },
  {
    name: 'leases an event for ever',
    fails: ['match: an event whose lease ran out is claimed again, under another token'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claimEvents: (request) => deliveries.claimEvents({ ...request, leaseMs: 1e12 }),
      },
    }),
  },
  {
    name: 'ignores the limit of events',
    fails: ['match: never more than the limit'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claimEvents: (request) => deliveries.claimEvents({ ...request, limit: 1000 }),
      },
    }),
  },
  {
    name: 'claims the youngest event first',
    fails: ['match: recorded events are claimed oldest first, with all that matching needs'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claimEvents: async (request) => {
          const { now, events } = await deliveries.claimEvents(request)
          return { now, events: [...events].reverse() }
        },
      },
    }),
  },
  {
    name: 'ignores the horizon',
    fails: ['match: the horizon is the highest endpoint that existed when the event was recorded'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claimEvents: async (request) => {
          const { now, events } = await deliveries.claimEvents(request)
          const horizon = state.counters.endpoints
          return { now, events: events.map((event) => ({ ...event, horizon })) }
        },
      },
    }),
  },
  {
    name: 'reads which events wait before it writes their leases',
    fails: ['match: concurrent claims never share an event'],
    wrong: (_, state) => ({
      deliveries: {
        claimEvents: async (request) => {
          const seen = claimEvents(state, request)
          for (const row of [...state.matching.values()]) {
            state.matching.remove(row)
            state.unmatched.push(row)
          }
          await Promise.resolve()
          for (const { tenantId, id } of seen.events) {
            const row = findEvent(state, tenantId, id)
            if (!row) continue
            state.unmatched.remove(row)
            state.matching.push(row)
          }
          return seen
        },
      },
    }),
  },
  {
    name: 'claims events that were inserted matched',
    fails: ['match: an event that was inserted matched is never claimed'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        insert: async (events) => {
          const answers = await deliveries.insert(events)
          for (const row of state.events.values()) {
            if (row.state.state === 'fanned_out' && !state.unmatched.has(row)) {
              state.unmatched.push(row)
            }
          }
          return answers
        },
      },
    }),
  },
  {
    name: 'fans out twice',
    fails: ['fanOut: an event fans out once'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        fanOut: async (verdicts) => {
          const applied = await deliveries.fanOut(verdicts)
          if (applied > 0) return applied
          return verdicts.filter((verdict) => fanOutAgain(state, verdict)).length
        },
      },
    }),
  },
  {
    name: 'fans out under any token',
    fails: ['fanOut: a token that lost the event writes nothing'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        fanOut: (verdicts) => deliveries.fanOut(verdicts.map((verdict) => held(state, verdict))),
      },
    }),
  },
  {
    name: 'takes a verdict from another tenant',
    fails: ["fanOut: another tenant's verdict writes nothing"],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        fanOut: (verdicts) =>
          deliveries.fanOut(
            verdicts.map((verdict) => {
              const row = state.all.events.find(({ id }) => id === verdict.id)
              return { ...verdict, tenantId: row?.tenantId ?? verdict.tenantId }
            }),
          ),
      },
    }),
  },
  {
    name: 'gives up a batch of verdicts at a stale one',
    fails: ['fanOut: one stale verdict hinders no other'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        fanOut: async (verdicts) =>
          verdicts.some((verdict) => rowOf(state, verdict)?.token !== verdict.token)
            ? 0
            : deliveries.fanOut(verdicts),
      },
    }),
  },
  {
    name: 'forgets why an event is invalid',
    fails: ['fanOut: an invalid event keeps its issues and is never claimed again'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        fanOut: (verdicts) =>
          deliveries.fanOut(
            verdicts.map((verdict) =>
              verdict.outcome.kind === 'invalid'
                ? { ...verdict, outcome: { kind: 'invalid', issues: [] } }
                : verdict,
            ),
          ),
      },
    }),
  },
  {
    name: 'forgets the deliveries of a fan-out',
    fails: ['fanOut: writes the deliveries, and the event is never claimed again'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        fanOut: (verdicts) =>
          deliveries.fanOut(
            verdicts.map(({ outcome, ...verdict }) => ({
              ...verdict,
              outcome: outcome.kind === 'invalid' ? outcome : { ...outcome, deliveries: [] },
            })),
          ),
      },
    }),
  },
  {
    name: 'keeps an event that matched nothing for later',
    fails: ['fanOut: an event that matched nothing is done'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        fanOut: (verdicts) =>
          deliveries.fanOut(
            verdicts.filter(
              ({ outcome }) => outcome.kind === 'invalid' || outcome.deliveries.length > 0,
            ),
          ),
      },
    }),
  },
  {
    name: 'sends the canonical bytes in every envelope',
    fails: ['fanOut: a delivery sends the bytes of its envelope'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          const withBody = claim.deliveries.map((claimed) => ({
            ...claimed,
            body: findEvent(state, claimed.lease.tenantId, claimed.eventId)?.body,
          }))
          return { ...claim, deliveries: withBody }
        },
      },
    }),
  },
]

const rowOf = (state: MemoryState, { tenantId, id }: EventVerdict): EventRow | undefined =>
  findEvent(state, tenantId, id)

function held(state: MemoryState, verdict: EventVerdict): EventVerdict {
  return { ...verdict, token: rowOf(state, verdict)?.token ?? verdict.token }
}

function fanOutAgain(state: MemoryState, verdict: EventVerdict): boolean {
  const row = rowOf(state, verdict)
  if (row?.state.state !== 'fanned_out' || verdict.outcome.kind !== 'fanned_out') return false
  for (const delivery of verdict.outcome.deliveries) {
    addDelivery(state, row, { ...delivery, messageId: row.id })
  }
  return true
}
