import { advance, arrange } from '../../stores/memory/lanes'
import { findLane, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'
import { asking } from './claim'
import { after, inserting, linesOf, ordering, replaying, withOrder } from './line-edits'

export const brokenLines: readonly BrokenStore[] = [
  ordering('knows no order', () => undefined, [
    'order: deliveries of one key are claimed one at a time, in the order of their events',
    'order: nothing of a key is claimed beside one under a lease, by anybody',
    'order: a retry keeps its key waiting, and only that',
    'order: a suspect keeps its key waiting',
    'order: switched on, it holds for what waits; switched off, nothing waits for it',
    'order: a delivery under a lease as it is switched on comes back to its place',
  ]),
  ordering('orders every endpoint', (ordered) => ordered ?? 'proceed', [
    'order: an endpoint that is not ordered claims all of a key at once',
  ]),
  ordering('blocks where it is to proceed', (ordered) => ordered && 'block', [
    'order: once the first is finished, however, the next comes first',
    'blocked: lines are free once the endpoint proceeds, or is not ordered any more',
  ]),
  inserting('takes all keys for one', (event) => ({ ...event, orderingKey: 'all' }), [
    'order: other keys, events without one and other endpoints do not wait',
    'order: a retry keeps its key waiting, and only that',
    'order: a hot key keeps no other waiting',
  ]),
  asking(
    'looks no further than a long line',
    (request, state) => (hasLongLine(state) ? { ...request, limit: 1 } : request),
    ['order: a hot key keeps no other waiting'],
  ),
  asking(
    'claims nothing while any event is to be matched',
    (request, state) =>
      state.unmatched.size + state.matching.size > 0 ? { ...request, limit: 0 } : request,
    [
      'order: no event overtakes an earlier one of its key that is still to be matched',
      "order: another tenant's unmatched event of the same key holds nothing back",
    ],
  ),
  after('does not wait for earlier events', ['insert'], (state) => state.unmatchedOfKey.clear(), [
    'order: events that were only recorded come in their order, whichever is fanned out first',
    'order: no event overtakes an earlier one of its key that is still to be matched',
  ]),
  after('lets the next go while the first waits for a retry', ['settle'], letNextGo, [
    'order: a retry keeps its key waiting, and only that',
  ]),
  after('lets the next go when the first is released', ['release'], letNextGo, [
    'order: what was released, or lost with its worker, is still first',
  ]),
  after(
    'lets the next go while the first is a suspect',
    ['nextDueIn', 'claim'],
    (state) => {
      if (state.suspicious.size > 0) letNextGo(state)
    },
    ['order: a suspect keeps its key waiting'],
  ),
  after(
    'lets nobody follow a canceled delivery',
    ['cancel'],
    (state) => {
      for (const [lane, { first }] of linesOf(state)) {
        if (first) lane.ready.remove(first)
        arrange(state, lane, state.clock.now())
      }
    },
    [
      'order: a canceled delivery keeps nobody waiting, first or not',
      'blocked: what failed may be canceled, which lets the rest go',
    ],
  ),
  {
    name: 'takes the events of one insert in from the last to the first',
    fails: ['order: events of one insert keep their order'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: async (events) => (await deliveries.insert(events.toReversed())).toReversed(),
      },
    }),
  },
  {
    name: 'waits for ever for an event that is invalid',
    fails: ['order: an earlier event that goes elsewhere, or is invalid, holds nothing back'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        fanOut: (verdicts) =>
          deliveries.fanOut(verdicts.filter(({ outcome }) => outcome.kind !== 'invalid')),
      },
    }),
  },
  {
    name: 'answers no ordering key',
    fails: ['order: an endpoint that is not ordered claims all of a key at once'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          const without = claim.deliveries.map(({ orderingKey: _, ...rest }) => rest)
          return { ...claim, deliveries: without }
        },
      },
    }),
  },
  replaying('replays in the old place', (row) => row.event.seq, [
    'order: a replay goes to the end of its line',
  ]),
  {
    name: 'keeps the order it once had',
    fails: [
      'order: switched on, it holds for what waits; switched off, nothing waits for it',
      'blocked: lines are free once the endpoint proceeds, or is not ordered any more',
    ],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        replace: (record) => {
          const before = findLane(state, record.tenantId, record.id)?.endpoint.ordered
          return endpoints.replace(withOrder(record, before))
        },
      },
    }),
  },
  {
    name: 'orders a disabled endpoint',
    fails: ['order: a disabled endpoint has none, and all of its deliveries are answered'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        transition: async (changes) => {
          for (const { tenantId, id, disable } of changes) {
            const lane = findLane(state, tenantId, id)
            if (lane && disable) lane.endpoint = { ...lane.endpoint, status: 'disabled' }
          }
          return endpoints.transition(changes)
        },
      },
    }),
  },
  {
    name: 'leaves the lines of a removed endpoint behind',
    fails: ['order: a removed endpoint cancels the whole line'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        remove: async (tenantId, id) => {
          const lines = [...(findLane(state, tenantId, id)?.lines.values() ?? [])]
          const held = lines.flatMap(({ waiting }) => [...waiting.values()])
          const removed = await endpoints.remove(tenantId, id)
          for (const row of held) row.state = { status: 'pending', dueAt: row.dueAt }
          return removed
        },
      },
    }),
  },
  {
    name: 'says that nothing is due while a line waits',
    fails: ['nextDueIn: not later than what comes first once another is finished'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () => (linesOf(state).length > 0 ? undefined : deliveries.nextDueIn()),
      },
    }),
  },
]

const hasLongLine = (state: MemoryState): boolean =>
  linesOf(state).some(([, { waiting }]) => waiting.size > 100)

function letNextGo(state: MemoryState): void {
  for (const [lane, line] of linesOf(state)) {
    line.first = undefined
    advance(state, lane, line)
    arrange(state, lane, state.clock.now())
  }
}
