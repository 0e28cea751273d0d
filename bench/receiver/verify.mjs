import { compare, percent, table, verdict } from '../lib/report.mjs'
import { runRounds } from '../lib/rounds.mjs'

const sizes = [
  ['1 KB', 1_024],
  ['10 KB', 10_240],
  ['1 MB', 1_048_576],
]
const limit = 'node:crypto by hand'
const function_ = 'Posthorn `verifySignature` + `JSON.parse`'
const pipeline = 'Posthorn `receive()`'
const verifiers = [
  [limit, 'limit.mjs'],
  [function_, 'posthorn.mjs', { call: 'verify' }],
  [pipeline, 'posthorn.mjs', { call: 'receive', catalogue: false }],
  [
    'Posthorn `receive()`, with a catalogue (zod)',
    'posthorn.mjs',
    { call: 'receive', catalogue: true },
  ],
  ['@octokit/webhooks-methods (no timestamp)', 'octokit.mjs'],
  ['stripe', 'stripe.mjs'],
  ['standardwebhooks', 'standardwebhooks.mjs'],
  ['svix', 'svix.mjs'],
]
const timestamped = ['stripe', 'standardwebhooks', 'svix']

/** Verify and parse, without HTTP. */
export async function benchVerify({ rounds, seconds, only }) {
  const chosen = verifiers.filter(([name]) => name === limit || name.includes(only))
  const columns = []
  for (const [label, bytes] of sizes) {
    process.stderr.write(`${label}\n`)
    const variants = chosen.map(([name, verifier, settings]) => ({
      name,
      module: new URL('verify-run.mjs', import.meta.url),
      settings: { verifier, bytes, ms: seconds * 500, ...settings },
    }))
    const results = await runRounds(variants, { rounds })
    columns.push({ label, results: compare(results, { key: 'perSecond', baseline: limit }) })
  }
  print(columns)
}

function print(columns) {
  console.log('\n## Verify and parse\n')
  const head = [
    'verifier',
    ...columns.flatMap(({ label }) => [`${label}, per CPU s`, 'ratio', 'spread']),
  ]
  const names = columns[0].results.map(({ name }) => name)
  const rows = names.map((name, row) => [
    name,
    ...columns.flatMap(({ results }) => [
      results[row].value,
      results[row].ratio.toFixed(2),
      percent(results[row].spread),
    ]),
  ])
  console.log(`${table(head, rows)}\n`)
  for (const { label, results } of columns) judge(label, results)
}

function judge(label, results) {
  const ratioOf = (wanted) => results.find(({ name }) => name === wanted)?.ratio
  for (const name of [function_, pipeline]) {
    const ratio = ratioOf(name)
    if (ratio !== undefined)
      console.log(verdict(`${name} at ${label}, to the limit`, ratio, { least: 0.9 }))
  }
  const peers = timestamped.map(ratioOf).filter((ratio) => ratio !== undefined)
  const ours = ratioOf(pipeline)
  if (ours !== undefined && peers.length > 0) {
    console.log(
      verdict(
        `${pipeline} at ${label}, to the best peer that checks a timestamp`,
        ours / Math.max(...peers),
        { least: 1 },
      ),
    )
  }
}
