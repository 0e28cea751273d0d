// Records what the engine says in one real run of each kind, for the tests of the mapping:
//   node --import tsx src/engine/record-fixtures.ts
import { writeFile } from 'node:fs/promises'
import { type ProcessId, processes, readProcess } from './processes'
import { runProcess } from './run-process'
import type { Variables } from './services'
import type { EngineSignal } from './signal'

async function record(id: ProcessId, variables: Variables): Promise<readonly EngineSignal[]> {
  const signals: EngineSignal[] = []
  await runProcess({
    runId: 'recorded',
    source: await readProcess(processes[id]),
    variables,
    onSignal: (signal) => signals.push(signal),
    onTask: (task) => setTimeout(id === 'refund' ? task.cancelRun : task.complete, 20),
  })
  return signals
}

async function save(name: string, signals: readonly EngineSignal[]): Promise<void> {
  const lines = signals.map((signal) => `  ${JSON.stringify(signal)}`).join(',\n')
  await writeFile(new URL(`./fixtures/${name}.json`, import.meta.url), `[\n${lines}\n]\n`)
}

await save('order', await record('order', {}))
await save('order-declined', await record('order', { cardDeclined: true, express: true }))
await save('failing', await record('stockImport', {}))
await save('cancelled', await record('refund', {}))
