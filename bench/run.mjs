// Runs one benchmark on the built packages:
//   node bench/run.mjs transport|receiver|sender [--rounds 5] [--seconds 2] [--only <parts of names>]
// and of the sender also:
//   [--scenario drain,single,latency,backlog] [--deliveries 20000,100000] [--backlog 10000,100000,1000000]
import { parseArgs } from 'node:util'
import { setup } from './lib/setup.mjs'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', default: '' },
    scenario: { type: 'string', default: 'drain,single,latency,backlog' },
    deliveries: { type: 'string', default: '20000,100000' },
    backlog: { type: 'string', default: '10000,100000,1000000' },
  },
})
const [name] = positionals
if (!['transport', 'receiver', 'sender'].includes(name)) {
  console.error('Which one? transport, receiver or sender')
  process.exit(2)
}
// The scenarios of the sender have rounds and times of their own.
const defaults = name === 'sender' ? {} : { rounds: '5', seconds: '2' }
const number = (text) => (text === undefined ? undefined : Number(text))
const numbers = (text) => text.split(',').map(Number)

await setup()
const { bench } = await import(`./${name}/bench.mjs`)
await bench({
  rounds: number(values.rounds ?? defaults.rounds),
  seconds: number(values.seconds ?? defaults.seconds),
  only: values.only,
  scenarios: values.scenario.split(','),
  deliveries: numbers(values.deliveries),
  backlogs: numbers(values.backlog),
})
