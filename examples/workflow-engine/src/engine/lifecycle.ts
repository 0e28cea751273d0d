import type { LifecycleInput } from '../events'
import type { EngineElement, EngineSignal } from './signal'

/** The run that a signal belongs to. */
export interface Run {
  readonly id: string
  readonly process: { readonly id: string; readonly name: string }
  /** ISO 8601. */
  readonly startedAt: string
}

/**
 * Which lifecycle events a signal of the engine means: usually none or one, two where a task's waiting makes the run wait.
 * Pure, so a recorded run is all that its tests need.
 */
export function toLifecycle(run: Run, signal: EngineSignal): readonly LifecycleInput[] {
  return signal.element.type === 'bpmn:Process'
    ? runLifecycle(run, signal)
    : nodeLifecycle(run, signal)
}

function runLifecycle(run: Run, signal: EngineSignal): readonly LifecycleInput[] {
  const data = describeRun(run)
  const durationMs = Math.max(0, Date.parse(signal.at) - Date.parse(run.startedAt))
  switch (signal.topic) {
    case 'process.start':
      return [{ type: 'run.started', data: { ...data, startedAt: run.startedAt } }]
    case 'process.end':
      return [{ type: 'run.completed', data: { ...data, completedAt: signal.at, durationMs } }]
    case 'process.stop':
      return [{ type: 'run.cancelled', data: { ...data, cancelledAt: signal.at, durationMs } }]
    case 'process.error': {
      const error = signal.error ?? unknownError
      return [{ type: 'run.failed', data: { ...data, failedAt: signal.at, durationMs, error } }]
    }
    default:
      return []
  }
}

function nodeLifecycle(run: Run, signal: EngineSignal): readonly LifecycleInput[] {
  const data = describeNode(run, signal)
  switch (signal.topic) {
    case 'activity.enter':
      return [{ type: 'node.pending', data }]
    case 'activity.start':
      return [{ type: 'node.running', data }]
    case 'activity.wait':
      return waiting(run, signal)
    case 'activity.timer':
      return [{ type: 'node.scheduled', data: { ...data, dueAt: signal.dueAt ?? signal.at } }]
    case 'activity.end':
      return [{ type: 'node.succeeded', data }]
    case 'activity.error':
      return [{ type: 'node.failed', data: { ...data, error: signal.error ?? unknownError } }]
    // A branch that was not taken, and an event on a task's edge that the task no longer needs.
    case 'activity.discard':
    case 'activity.execution.discard':
      return [{ type: 'node.skipped', data }]
    default:
      return []
  }
}

function waiting(run: Run, signal: EngineSignal): readonly LifecycleInput[] {
  const node: LifecycleInput = { type: 'node.waiting', data: describeNode(run, signal) }
  if (!waitsForSomebody(signal.element)) return [node]
  const { id: nodeId, name: nodeName } = signal.element
  const data = { ...describeRun(run), waitingSince: signal.at, nodeId, nodeName }
  return [node, { type: 'run.waiting', data }]
}

/** A person or another system must act; an event on a task's edge merely listens, and holds nothing up. */
export function waitsForSomebody(element: EngineElement): boolean {
  return outsideTasks.has(element.type)
}

const outsideTasks: ReadonlySet<string> = new Set([
  'bpmn:UserTask',
  'bpmn:ManualTask',
  'bpmn:ReceiveTask',
])

const unknownError = { message: 'unknown error' }

function describeRun(run: Run) {
  return { runId: run.id, processId: run.process.id, processName: run.process.name }
}

function describeNode(run: Run, { element, at }: EngineSignal) {
  return {
    runId: run.id,
    processId: run.process.id,
    nodeId: element.id,
    nodeName: element.name,
    nodeType: element.type,
    at,
  }
}
