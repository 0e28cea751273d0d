import { loadavg } from 'node:os'
import { machine } from '../lib/report.mjs'
import { runRounds } from '../lib/rounds.mjs'
import { versionsOf } from '../lib/versions.mjs'
import { plans } from './plans.mjs'
import { startServices } from './services.mjs'
import { choose } from './stacks.mjs'

/** Durable delivery: Posthorn beside outboxes written by hand, the limits of disk and wire, and queues that people use. */
export async function bench(options) {
  const chosen = choose(options.only)
  const { running, missing, stop } = await startServices(chosen)
  const present = chosen.filter(({ store }) => missing[store] === undefined)
  const failures = []
  try {
    for (const plan of plans(options)) await measure(plan, { stacks: present, running, failures })
  } finally {
    await stop()
  }
  print({ chosen, running, missing, failures })
}

async function measure({ scenario, rounds, settings, variants, report }, context) {
  const { stacks, running, failures } = context
  const measured = stacks.filter(({ scenarios }) => scenarios.includes(scenario))
  process.stderr.write(`${scenario} ${JSON.stringify(settings)}\n`)
  const services = Object.fromEntries(
    Object.entries(running).map(([store, { url, postmaster }]) => [store, { url, postmaster }]),
  )
  const results = await runRounds(
    measured.flatMap((stack) =>
      variants(stack).map(({ name, ...further }) => ({
        name,
        module: new URL('run.mjs', import.meta.url),
        settings: { stack, scenario, services, ...settings, ...further },
      })),
    ),
    {
      rounds,
      onFailure: (error) => {
        console.error(error.message)
        failures.push(`${scenario}: ${error.message}`)
      },
    },
  )
  report(results, measured)
}

function print({ chosen, running, missing, failures }) {
  console.log(`\n${machine()}; load ${loadavg()[0].toFixed(1)} at the end`)
  for (const { description } of Object.values(running)) console.log(`- ${description}`)
  console.log(
    `- ${versionsOf(['undici', 'pg', 'bullmq', 'graphile-worker', 'pg-boss']).join(', ')}`,
  )
  for (const { name, store } of chosen.filter(({ store }) => store in missing))
    console.log(`- left out: ${name}: ${missing[store]}`)
  for (const failure of failures) console.log(`- FAILED: ${failure}`)
  if (failures.length > 0) process.exitCode = 1
}
