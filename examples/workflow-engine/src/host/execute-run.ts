import { setTimeout as sleep } from 'node:timers/promises'
import { processes, readProcess } from '../engine/processes'
import { runProcess, type WaitingTask } from '../engine/run-process'
import type { Recorder } from './recorder'
import type { UnfinishedRun } from './runs'

/** How long the people of this demo think before they act, in milliseconds. */
const thinking = 150

/** Runs one process to its end, and resolves when everything it told is committed. */
export async function executeRun(run: UnfinishedRun, recorder: Recorder): Promise<void> {
  const process = processes[run.process]
  await runProcess({
    runId: run.id,
    source: await readProcess(process),
    variables: run.variables,
    onSignal: recorder.listen({ id: run.id, process, startedAt: run.startedAt }),
    onTask: (task) => void act(task),
  })
  await recorder.settled()
}

/** Does what a person would: approves orders, and gives up on refunds. */
async function act(task: WaitingTask): Promise<void> {
  await sleep(thinking)
  if (task.nodeId === 'approveRefund') task.cancelRun()
  else task.complete({ approved: true })
}
