import { compare, fixed, percent, ratioOf, table } from '../../lib/report.mjs'
import { names } from '../stacks.mjs'
import { verdicts } from './verdicts.mjs'

const head = [
  ...['stack', 'deliveries/s', 'ratio', 'spread'],
  ...['CPU µs per delivery, Node', 'store', 'ratio', 'bulk `send`/s', 'ratio', 'RSS, MB'],
]

export function report(results, { total, baseline }) {
  const column = (key, digits) => compare(results, { key, baseline, digits })
  const [cpu, store, both] = ['cpuMicros', 'storeMicros', 'totalMicros'].map((key) =>
    column(key, 1),
  )
  const [bulk, rss] = [column('bulkPerSecond'), column('rssMb')]
  const rows = column('perSecond').map(({ name, value, ratio, spread }, row) => [
    ...[name, value, fixed(ratio, 2), percent(spread)],
    ...[cpu[row].value, store[row].value, fixed(both[row].ratio, 2)],
    ...[bulk[row].value, fixed(bulk[row].ratio, 2), rss[row].value],
  ])
  console.log(`\n## ${total} deliveries, 100 in flight, attempts logged\n\n${table(head, rows)}\n`)
  verdicts((ours, store) =>
    peers(store).map(([name, least]) => ({
      what: `${ours}, to ${name}`,
      value: ratioOf(results, 'perSecond', ours, name),
      least,
    })),
  )
}

/** What Posthorn is to be how many times as quick as. */
function peers(store) {
  return [
    [names.byHand[store], 0.9],
    ...(store === 'sqlite' ? [[names.limit, 0.7]] : []),
    [names.bullmq, 1.4],
    [names.graphile, 3],
    [names.pgBoss, 3],
  ]
}
