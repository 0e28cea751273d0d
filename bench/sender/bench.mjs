import { compare, machine, percent, table, verdict } from '../lib/report.mjs'
import { runRounds } from '../lib/rounds.mjs'

const outbox = 'outbox by hand on SQLite, batched'
const limit = 'the durable limit on SQLite'
const ours = 'Posthorn on SQLite'
const stacks = [
  [outbox, 'outbox-sqlite'],
  [limit, 'durable-limit'],
  ['undici `dispatch` alone, nothing durable', 'undici'],
  [ours, 'posthorn-sqlite'],
]
const durable = stacks.filter(([, stack]) => stack !== 'undici')

/** Durable delivery: Posthorn beside an outbox written by hand and the limits of both disk and wire. */
export async function bench({ rounds, seconds, only, deliveries }) {
  const measure = (scenario, settings, among = stacks) => {
    const chosen = among.filter(([name]) => name === outbox || name.includes(only))
    const variants = chosen.map(([name, stack]) => ({
      name,
      module: new URL('scenarios.mjs', import.meta.url),
      settings: { stack, scenario, ...settings },
    }))
    process.stderr.write(`${scenario} ${JSON.stringify(settings)}\n`)
    return runRounds(variants, { rounds })
  }
  for (const total of deliveries) printDrain(total, await measure('drain', { total }))
  printSingle(await measure('single', { ms: seconds * 1_000 }, durable))
  printLatency(await measure('latency', { rate: 100, ms: seconds * 2_000 }, durable))
  console.log(`\n${machine()}`)
}

function printDrain(total, results) {
  const column = (key, digits) => compare(results, { key, baseline: outbox, digits })
  const [speed, cpu, bulk, rss] = [
    column('perSecond'),
    column('cpuMicros', 1),
    column('bulkPerSecond'),
    column('rssMb'),
  ]
  const rows = speed.map(({ name, value, ratio, spread }, row) => [
    ...[name, value, ratio.toFixed(2), percent(spread)],
    ...[cpu[row].value, bulk[row].value, bulk[row].ratio.toFixed(2), rss[row].value],
  ])
  const head = [
    'stack',
    'deliveries/s',
    'ratio',
    'spread',
    'CPU µs per delivery',
    'bulk `send`/s',
    'ratio',
    'RSS, MB',
  ]
  console.log(`\n## ${total} deliveries, 100 in flight, attempts logged\n\n${table(head, rows)}\n`)
  const found = speed.find(({ name }) => name === ours)
  if (found === undefined) return
  console.log(verdict(`${ours}, to ${outbox}`, found.ratio, { least: 0.9 }))
  const best = speed.find(({ name }) => name === limit)
  if (best !== undefined)
    console.log(verdict(`${ours}, to ${limit}`, found.ratio / best.ratio, { least: 0.7 }))
}

function printSingle(results) {
  const speed = compare(results, { key: 'perSecond', baseline: outbox })
  const rows = speed.map(({ name, value, ratio, spread }) => [
    name,
    value,
    ratio.toFixed(2),
    percent(spread),
  ])
  console.log(
    `\n## Single \`send\`, 50 callers\n\n${table(['stack', '`send`/s', 'ratio', 'spread'], rows)}\n`,
  )
  const found = speed.find(({ name }) => name === ours)
  if (found !== undefined)
    console.log(verdict(`${ours}, to one commit by hand`, found.ratio, { least: 0.8 }))
}

function printLatency(results) {
  const p50 = compare(results, { key: 'p50', baseline: outbox, digits: 2 })
  const p99 = compare(results, { key: 'p99', baseline: outbox, digits: 2 })
  const rows = p50.map(({ name, value, ratio }, row) => [
    name,
    value,
    ratio.toFixed(2),
    p99[row].value,
    p99[row].ratio.toFixed(2),
  ])
  console.log(
    `\n## From \`send()\` to receipt at 100/s\n\n${table(['stack', 'p50, ms', 'ratio', 'p99, ms', 'ratio'], rows)}\n`,
  )
  for (const [label, column] of [
    ['p50', p50],
    ['p99', p99],
  ]) {
    const found = column.find(({ name }) => name === ours)
    if (found !== undefined)
      console.log(verdict(`${ours}, ${label} to ${outbox}`, found.ratio, { most: 1.5 }))
  }
}
