import { stacks } from './stacks.mjs'
import { report as reportBacklog, withBacklog } from './tables/backlog.mjs'
import { report as reportDrain } from './tables/drain.mjs'
import { inTransaction, report as reportLatency } from './tables/latency.mjs'
import { report as reportSingle } from './tables/single.mjs'

const baselines = new Map(
  stacks.flatMap(({ name, baseline }) => [
    [name, baseline],
    [inTransaction(name), baseline],
  ]),
)
const baseline = (name) => baselines.get(name)
const alone = ({ name }) => [{ name }]

/**
 * What to measure, in this order. A plan names the scenario, how many rounds, the variants of each stack and their settings, and how to report
 * the results.
 */
export function plans({ scenarios, rounds, seconds, deliveries, backlogs }) {
  return [
    ...deliveries.map((total) => ({
      scenario: 'drain',
      rounds: rounds ?? 5,
      settings: { total },
      variants: alone,
      report: (results) => reportDrain(results, { total, baseline }),
    })),
    {
      scenario: 'single',
      rounds: rounds ?? 5,
      settings: { ms: (seconds ?? 2) * 1_000 },
      variants: alone,
      report: (results) => reportSingle(results, { baseline }),
    },
    ...[100, 1_000].map((rate) => ({
      scenario: 'latency',
      rounds: rounds ?? 2,
      settings: { rate, ms: (seconds ?? 60) * 1_000 },
      variants: paths,
      report: (results) => reportLatency(results, { rate, baseline }),
    })),
    {
      scenario: 'backlog',
      rounds: rounds ?? 2,
      settings: {},
      variants: ({ name }) =>
        backlogs.map((backlog) => ({ name: withBacklog(name, backlog), backlog })),
      report: (results, measured) => reportBacklog(results, { stacks: measured, backlogs }),
    },
  ].filter(({ scenario }) => scenarios.includes(scenario))
}

/** Directly, and in a transaction of the host where the stack can. */
function paths({ name, transactional }) {
  return [
    { name, call: 'send' },
    ...(transactional ? [{ name: inTransaction(name), call: 'sendInTransaction' }] : []),
  ]
}
