import { Engine } from 'bpmn-engine'
import { waitsForSomebody } from './lifecycle'
import { services, type Variables } from './services'
import { type ElementApi, type EngineSignal, readSignal } from './signal'

export interface ProcessToRun {
  readonly runId: string
  /** BPMN 2.0 XML. */
  readonly source: string
  readonly variables: Variables
  /** Told of everything that happens, in order and at once: the engine waits for no answer. */
  readonly onSignal: (signal: EngineSignal) => void
  /** Told when a task waits for somebody. */
  readonly onTask: (task: WaitingTask) => void
}

export interface WaitingTask {
  readonly nodeId: string
  /** The task was done: the run goes on. */
  complete(result?: Readonly<Record<string, unknown>>): void
  /** Stops the whole run. */
  cancelRun(): void
}

/** The API of a task that waits. */
interface TaskApi extends ElementApi {
  signal(message?: Readonly<Record<string, unknown>>): void
}

/** Runs one process from its start to its end, whichever it comes to. */
export async function runProcess(run: ProcessToRun): Promise<void> {
  const engine = new Engine({
    name: run.runId,
    source: run.source,
    variables: { ...run.variables },
    services: { ...services },
  })
  const listener = {
    emit(topic: string, api: TaskApi) {
      // The engine announces a waiting task twice, as `wait` and as `activity.wait`.
      if (!/^(process|activity)\./.test(topic)) return
      const signal = readSignal(topic, api, new Date())
      run.onSignal(signal)
      if (topic === 'activity.wait' && waitsForSomebody(signal.element))
        run.onTask(task(engine, api))
    },
  }
  await new Promise<void>((resolve, reject) => {
    engine.once('end', () => resolve())
    engine.once('stop', () => resolve())
    // That the run failed is among its signals.
    engine.once('error', () => resolve())
    engine.execute({ listener }).catch(reject)
  })
}

function task(engine: Engine, api: TaskApi): WaitingTask {
  return {
    nodeId: api.id,
    complete: (result) => api.signal(result),
    cancelRun: () => void engine.stop(),
  }
}
