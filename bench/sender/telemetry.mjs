/**
 * What telemetry costs: CPU time of the process for an event with one delivery, sent and delivered, to 100 tenants by turns, with the SDK's batch
 * processor and an exporter that throws everything away.
 *
 *   node bench/sender/telemetry.mjs [--rounds=5] [--events=20000]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { fixed, table } from '../lib/report.mjs'
import { median, ratios } from '../lib/statistics.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '20000' },
  },
})
const events = Number(values.events)
const dimensions = ['tenant', 'endpoint', 'eventType']
const watches = {
  none: {},
  'metrics, no span sampled': { sampler: 'none', measureBy: [] },
  'metrics, every span': { sampler: 'all', measureBy: [] },
  'the same, measured by tenant, endpoint and type': { sampler: 'all', measureBy: dimensions },
}
const rows = []
for (const place of ['memory', 'sqlite']) rows.push(...(await compareIn(place)))
console.log(table(['store', 'telemetry', 'CPU µs/event', 'ratio'], rows))

/** Round by round, so that what disturbs the machine disturbs all. */
async function compareIn(place) {
  const seen = new Map(Object.keys(watches).map((name) => [name, []]))
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, watch] of Object.entries(watches))
      seen.get(name).push(await measure({ place, watch, events }))
  }
  return [...seen].map(([name, micros]) => [
    place,
    name,
    fixed(median(micros), 0),
    fixed(median(ratios(micros, seen.get('none'))), 2),
  ])
}

async function measure(settings) {
  const child = fork(new URL('telemetry-run.mjs', import.meta.url))
  child.send(settings)
  const [{ cpuMicros }] = await once(child, 'message')
  await once(child, 'exit')
  return cpuMicros
}
