import { type Run, toLifecycle } from '../engine/lifecycle'
import { processes, readProcess } from '../engine/processes'
import { runProcess } from '../engine/run-process'
import type { EngineSignal } from '../engine/signal'
import type { LifecycleInput } from '../events'

/** The lifecycle of one real order, over and over under further run ids, as many events as are asked for. */
export async function* lifecycleEvents(count: number): AsyncGenerator<LifecycleInput> {
  const signals = await runOrder()
  const startedAt = signals[0]?.at ?? new Date().toISOString()
  for (let made = 0, order = 1; made < count; order += 1) {
    const run: Run = { id: `order-${order}`, process: processes.order, startedAt }
    const events = signals.flatMap((signal) => toLifecycle(run, signal)).slice(0, count - made)
    made += events.length
    yield* events
  }
}

async function runOrder(): Promise<readonly EngineSignal[]> {
  const signals: EngineSignal[] = []
  await runProcess({
    runId: 'pattern',
    source: await readProcess(processes.order),
    variables: {},
    onSignal: (signal) => signals.push(signal),
    onTask: (task) => task.complete(),
  })
  return signals
}
