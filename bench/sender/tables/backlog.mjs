import { fixed, ratioOf, table } from '../../lib/report.mjs'
import { median } from '../../lib/statistics.mjs'
import { verdicts } from './verdicts.mjs'

/** How the row of a stack with so many deliveries due is called. */
export const withBacklog = (name, backlog) => `${name}, ${backlog} due`

/** Each stack has a row, each backlog its columns. Ratios are to the same stack with the backlog before. */
export function report(results, { stacks, backlogs }) {
  const head = ['stack', ...backlogs.flatMap(headOf)]
  const rows = stacks.map(({ name }) => [
    name,
    ...backlogs.flatMap((_, column) => cells(results, name, { backlogs, column })),
  ])
  console.log(`\n## Deliveries/s out of a backlog, by a fresh process\n\n${table(head, rows)}\n`)
  if (backlogs.length < 2) return
  const [before, last] = backlogs.slice(-2)
  verdicts((ours) => {
    const ratio = (key) => ratioOf(results, key, withBacklog(ours, last), withBacklog(ours, before))
    return [
      { what: `${ours}, ${last} due to ${before}, rate`, value: ratio('perSecond'), least: 0.9 },
      { what: `${ours}, ${last} due to ${before}, RSS`, value: ratio('rssMb'), most: 1.2 },
    ]
  })
}

const headOf = (backlog, column) => [
  `${backlog} due`,
  ...(column === 0 ? [] : ['ratio']),
  'CPU µs, Node + store',
  'RSS, MB',
]

function cells(results, stack, { backlogs, column }) {
  const [name, before] = [column, column - 1].map((at) => withBacklog(stack, backlogs[at]))
  const middle = (key) => fixed(median((results.get(name) ?? []).map((each) => each[key])), 0)
  return [
    middle('perSecond'),
    ...(column === 0 ? [] : [fixed(ratioOf(results, 'perSecond', name, before), 2)]),
    `${middle('cpuMicros')} + ${middle('storeMicros')}`,
    middle('rssMb'),
  ]
}
