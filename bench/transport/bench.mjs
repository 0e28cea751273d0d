import { bundle } from '../lib/bundle.mjs'
import { compare, machine, percent, table, verdict } from '../lib/report.mjs'
import { runRounds } from '../lib/rounds.mjs'

const limit = 'undici `Pool.dispatch`, signed'
const all = 'the transport, everything on'

/** One HTTP attempt: what the transport costs beside bare undici. */
export async function bench({ rounds, seconds, only }) {
  const network = await bundle('packages/sender/src/lib/network/index.ts')
  const worker = await bundle('packages/sender/src/lib/worker/request.ts')
  const variant = (name, client, settings = {}) => ({
    name,
    module: new URL('run.mjs', import.meta.url),
    settings: { client, ms: seconds * 1_000, bundle: network, worker, ...settings },
  })
  const variants = [
    variant(limit, 'dispatch.mjs', { signed: true }),
    variant('undici `Pool.dispatch`, unsigned', 'dispatch.mjs', { signed: false }),
    variant('undici `request()`, signed', 'undici-request.mjs', { deadline: false }),
    variant('undici `request()` with `AbortSignal.timeout`, signed', 'undici-request.mjs', {
      deadline: true,
    }),
    variant('the transport, unsigned', 'posthorn.mjs', { sign: false }),
    variant(all, 'posthorn.mjs', { sign: true }),
  ].filter(({ name }) => name === limit || name.includes(only))
  const results = await runRounds(variants, { rounds })
  print(results)
}

function print(results) {
  const speed = compare(results, { key: 'perSecond', baseline: limit })
  const cpu = compare(results, { key: 'cpuMicros', baseline: limit, digits: 1 })
  const rows = speed.map(({ name, value, ratio, spread }, index) => [
    name,
    value,
    ratio.toFixed(2),
    percent(spread),
    cpu[index].value,
  ])
  console.log('\n## Transport: 1 KB signed JSON, 50 in flight, keep-alive\n')
  console.log(table(['client', 'requests/s', 'ratio', 'spread', 'CPU µs per request'], rows))
  const ours = speed.find(({ name }) => name === all)
  if (ours !== undefined)
    console.log(`\n${verdict(`${all}, to ${limit}`, ours.ratio, { least: 0.85 })}`)
  console.log(`\n${machine()}`)
}
