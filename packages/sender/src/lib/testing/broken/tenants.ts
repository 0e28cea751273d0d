import { Line } from '../../stores/memory/line'
import type { Lane } from '../../stores/memory/rows'
import type { MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

const ofEach = (lane: Lane): string => lane.endpoint.id

export const brokenTenants: readonly BrokenStore[] = [
  {
    name: 'gives a tenant a turn for each of its endpoints',
    fails: [
      'fairness: two tenants take turns, however many endpoints one of them has, one slot each',
      'fairness: a tenant whose work comes late waits for one turn of each other',
      'fairness: every tenant is served within as many slots as there are tenants',
    ],
    wrong: (_, state) => {
      Object.assign(state, { healthyLine: new Line(ofEach) })
      return {}
    },
  },
  {
    name: 'gives a tenant a turn for each of its failing endpoints',
    fails: ['fairness: failing endpoints of several tenants take turns within their share'],
    wrong: (_, state) => {
      Object.assign(state, { failingLine: new Line(ofEach) })
      return {}
    },
  },
  {
    name: 'forgets from claim to claim which tenant was served',
    fails: [
      'fairness: two tenants take turns, however many endpoints one of them has, one slot each',
      'fairness: a tenant whose work comes late waits for one turn of each other',
    ],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: (request) => {
          lineUpAnew(state)
          return deliveries.claim(request)
        },
      },
    }),
  },
  {
    name: 'serves one endpoint of a tenant before its others',
    fails: ['fairness: every endpoint of a tenant with many is served, beside other tenants'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: (request) => {
          for (const lane of standing(state)) {
            lane.turn = lane.endpoint.seq
            state.healthyLine.join(lane)
          }
          return deliveries.claim(request)
        },
      },
    }),
  },
]

/** Takes the healthy lanes out of their line, those first that have waited longest. */
const standing = (state: MemoryState): readonly Lane[] =>
  [...state.lanes.values()]
    .filter((lane) => state.healthyLine.leave(lane))
    .sort((a, b) => a.turn - b.turn)

function lineUpAnew(state: MemoryState): void {
  const lanes = standing(state)
  const line = new Line()
  for (const lane of lanes) line.join(lane)
  Object.assign(state, { healthyLine: line })
}
