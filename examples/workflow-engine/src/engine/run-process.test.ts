import { describe, expect, it } from 'vitest'
import cancelled from './fixtures/cancelled.json'
import failing from './fixtures/failing.json'
import { type ProcessId, processes, readProcess } from './processes'
import { runProcess } from './run-process'
import type { EngineSignal } from './signal'

async function signalsOf(id: ProcessId): Promise<readonly EngineSignal[]> {
  const signals: EngineSignal[] = []
  await runProcess({
    runId: 'run-1',
    source: await readProcess(processes[id]),
    variables: {},
    onSignal: (signal) => signals.push(signal),
    onTask: (task) => setImmediate(task.cancelRun),
  })
  return signals
}

const withoutTimes = (signals: readonly EngineSignal[]) =>
  signals.map(({ at: _at, ...rest }) => rest)

// The mapping's tests work on recordings: these two notice when the engine comes to speak differently.
describe('a live run', () => {
  it('says what the recorded one said: failing', async () => {
    expect(withoutTimes(await signalsOf('stockImport'))).toEqual(withoutTimes(failing))
  })

  it('says what the recorded one said: cancelled', async () => {
    expect(withoutTimes(await signalsOf('refund'))).toEqual(withoutTimes(cancelled))
  })
})

describe('processes', () => {
  it.each(Object.values(processes))('are named as in their file: $id', async (process) => {
    const source = await readProcess(process)
    expect(source).toContain(
      `<process id="${process.id}" name="${process.name}" isExecutable="true">`,
    )
  })
})
