import { advance, arrange } from '../../stores/memory/lanes'
import { findDelivery } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'
import { after, linesOf, ordering, replaying } from './line-edits'

const free = 'blocked: what failed may be canceled, which lets the rest go'

export const brokenBlocking: readonly BrokenStore[] = [
  ordering('proceeds where it is to block', (ordered) => ordered && 'proceed', [
    'blocked: after a failure the rest of its key waits, and nothing else',
    'blocked: a replay of what failed comes first, and its success lets the rest go',
    'blocked: nextDueIn is undefined while nothing but a blocked line waits',
    free,
  ]),
  {
    name: 'blocks a key at every endpoint',
    fails: ['blocked: another endpoint goes on with the key'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          const keys = linesOf(state).flatMap(([, { blockedBy, key }]) => (blockedBy ? [key] : []))
          const isHeld = ({ orderingKey = '' }) => keys.includes(orderingKey)
          await deliveries.release(claim.deliveries.filter(isHeld).map(({ lease }) => lease))
          return { ...claim, deliveries: claim.deliveries.filter((one) => !isHeld(one)) }
        },
      },
    }),
  },
  {
    name: 'blocks the whole endpoint',
    fails: ['blocked: after a failure the rest of its key waits, and nothing else'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: (request) =>
          deliveries.claim(
            linesOf(state).some(([, { blockedBy }]) => blockedBy)
              ? { ...request, limit: 0 }
              : request,
          ),
      },
    }),
  },
  replaying('replays what blocks behind those it blocks', ({ seq }) => seq, [
    'blocked: a replay of what failed comes first, and its success lets the rest go',
  ]),
  replaying('replays anything before what waits', ({ event }) => event.seq, [
    'blocked: a replay of anything else waits at the end',
  ]),
  after(
    'takes a replay that failed for the end of it',
    ['settle'],
    (state) => {
      for (const [lane, line] of linesOf(state)) {
        if (line.blockedBy === line.blockedBy?.event.deliveries[0]) continue
        line.blockedBy = undefined
        advance(state, lane, line)
        arrange(state, lane, state.clock.now())
      }
    },
    ['blocked: a replay that fails blocks again, and its cancelation lets the rest go'],
  ),
  {
    name: 'stays blocked when a replay is canceled',
    fails: ['blocked: a replay canceled before it was sent lets the rest go'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        cancel: async (tenantId, id) => {
          const row = findDelivery(state, tenantId, id)
          const blocked = linesOf(state).filter(([, { blockedBy }]) => blockedBy !== row)
          const before = blocked.map(([, { blockedBy }]) => blockedBy)
          const verdict = await deliveries.cancel(tenantId, id)
          for (const [index, [lane, line]] of blocked.entries()) {
            if (!before[index]) continue
            if (line.first) lane.ready.remove(line.first)
            arrange(state, lane, state.clock.now())
          }
          return verdict
        },
      },
    }),
  },
  {
    name: 'refuses to cancel what failed',
    fails: [free, 'blocked: a replay of anything else waits at the end'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        cancel: async (tenantId, id) =>
          findDelivery(state, tenantId, id)?.state.status === 'failed'
            ? 'finished'
            : deliveries.cancel(tenantId, id),
      },
    }),
  },
  {
    name: 'cancels whatever failed',
    fails: ['blocked: a failure that blocks nothing cannot be canceled'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        cancel: async (tenantId, id) => {
          const verdict = await deliveries.cancel(tenantId, id)
          const failed = findDelivery(state, tenantId, id)?.state.status === 'failed'
          return failed ? 'canceled' : verdict
        },
      },
    }),
  },
  {
    name: 'says that a blocked line is due',
    fails: ['blocked: nextDueIn is undefined while nothing but a blocked line waits'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () =>
          linesOf(state).some(([, { waiting }]) => waiting.size > 0) ? 0 : deliveries.nextDueIn(),
      },
    }),
  },
  {
    name: 'prunes what blocks a line',
    fails: ['prune: what blocks a line is kept, with what a replay of it needs'],
    wrong: ({ retention }, state) => ({
      retention: {
        prune: async (request) => {
          for (const [, line] of linesOf(state)) line.blockedBy = undefined
          return retention.prune(request)
        },
      },
    }),
  },
]
