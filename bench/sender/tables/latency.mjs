import { compare, fixed, ratioOf, table } from '../../lib/report.mjs'
import { names } from '../stacks.mjs'
import { verdicts } from './verdicts.mjs'

/** How the row of a stack is called whose events are sent in a transaction. */
export const inTransaction = (name) => `${name}, in a transaction`

const head = ['stack', 'p50, ms', 'ratio', 'p99, ms', 'ratio', 'lost']

export function report(results, { rate, baseline }) {
  const column = (key) => compare(results, { key, baseline, digits: 2 })
  const p99 = column('p99')
  const rows = column('p50').map(({ name, value, ratio }, row) => [
    ...[name, value, fixed(ratio, 2), p99[row].value, fixed(p99[row].ratio, 2)],
    results.get(name).reduce((sum, { lost }) => sum + lost, 0),
  ])
  console.log(`\n## From \`send()\` to receipt at ${rate}/s\n\n${table(head, rows)}\n`)
  verdicts((ours, store) =>
    [
      [ours, 1.5],
      [inTransaction(ours), 3],
    ].flatMap(([name, most]) =>
      ['p50', 'p99'].map((key) => ({
        what: `${name}, ${key} at ${rate}/s to ${names.byHand[store]}`,
        value: ratioOf(results, key, name, names.byHand[store]),
        most,
      })),
    ),
  )
}
