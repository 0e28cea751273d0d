// Runs one benchmark on the built packages:
//   node bench/run.mjs transport|receiver|sender [--rounds 5] [--seconds 2] [--only <part of a name>] [--deliveries 20000,100000]
import { parseArgs } from 'node:util'
import { setup } from './lib/setup.mjs'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    deliveries: { type: 'string', default: '20000,100000' },
  },
})
const [name] = positionals
if (!['transport', 'receiver', 'sender'].includes(name)) {
  console.error('Which one? transport, receiver or sender')
  process.exit(2)
}
await setup()
const { bench } = await import(`./${name}/bench.mjs`)
await bench({
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  only: values.only,
  deliveries: values.deliveries.split(',').map(Number),
})
