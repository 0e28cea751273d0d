import { compare, percent, table, verdict } from '../lib/report.mjs'
import { runRounds } from '../lib/rounds.mjs'

const hand = 'node:http, HMAC by hand'
const plain = 'node:http, receiver'
const routes = [
  [hand, { route: 'node', handler: 'hand' }],
  ['node:http, bare', { route: 'node', handler: 'bare' }],
  [plain, { route: 'node' }],
  ['node:http, receiver, memory idempotency', { route: 'node', store: 'memory' }],
  ['node:http, receiver, SQLite idempotency', { route: 'node', store: 'sqlite' }],
  ['Express, HMAC by hand', { route: 'express', handler: 'hand' }],
  ['Express, receiver', { route: 'express' }],
  ['Express, receiver, memory idempotency', { route: 'express', store: 'memory' }],
  ['Express, receiver, SQLite idempotency', { route: 'express', store: 'sqlite' }],
  ['Fastify, HMAC by hand', { route: 'fastify', handler: 'hand' }],
  ['Fastify, receiver', { route: 'fastify' }],
  ['Fastify, receiver, memory idempotency', { route: 'fastify', store: 'memory' }],
  ['Fastify, receiver, SQLite idempotency', { route: 'fastify', store: 'sqlite' }],
]

/** Whole routes over loopback: 1 KB, 50 in flight. */
export async function benchRoutes({ rounds, seconds, only }) {
  const variants = routes
    .filter(([name]) => name === hand || name.includes(only))
    .map(([name, settings]) => ({
      name,
      module: new URL('route-run.mjs', import.meta.url),
      settings: { ...settings, ms: seconds * 1_000 },
    }))
  const results = await runRounds(variants, { rounds })
  const speed = compare(results, { key: 'perSecond', baseline: hand })
  const cpu = compare(results, { key: 'serverMicros', baseline: hand, digits: 1 })
  const rows = speed.map(({ name, value, ratio, spread }, index) => {
    const { value: micros, ratio: cost } = cpu[index]
    return [name, value, ratio.toFixed(2), percent(spread), micros, (1 / cost).toFixed(2)]
  })
  console.log('\n## Routes: 1 KB, 50 in flight, every message new\n')
  const head = ['route', 'requests/s', 'ratio', 'spread', 'server CPU µs per request', 'ratio']
  console.log(`${table(head, rows)}\n`)
  const ours = speed.find(({ name }) => name === plain)
  if (ours !== undefined) console.log(verdict(`${plain}, to ${hand}`, ours.ratio, { least: 0.85 }))
}
