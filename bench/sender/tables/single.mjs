import { compare, fixed, percent, ratioOf, table } from '../../lib/report.mjs'
import { names } from '../stacks.mjs'
import { verdicts } from './verdicts.mjs'

// One commit for each event and its delivery: on SQLite the outbox by hand does no other.
const commits = { sqlite: names.byHand.sqlite, postgres: names.commit }

export function report(results, { baseline }) {
  const column = (key, digits) => compare(results, { key, baseline, digits })
  const [cpu, store] = [column('cpuMicros', 1), column('storeMicros', 1)]
  const rows = column('perSecond').map(({ name, value, ratio, spread }, row) => [
    ...[name, value, fixed(ratio, 2), percent(spread), cpu[row].value, store[row].value],
  ])
  const head = ['stack', '`send`/s', 'ratio', 'spread', 'CPU µs per `send`, Node', 'store']
  console.log(`\n## Single \`send\`, 50 callers\n\n${table(head, rows)}\n`)
  verdicts((ours, store) => [
    {
      what: `${ours}, to ${commits[store]}`,
      value: ratioOf(results, 'perSecond', ours, commits[store]),
      least: 0.8,
    },
  ])
}
