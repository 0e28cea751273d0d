import type { Receiver } from '@posthorn/receiver'
import type { events } from '../events'
import type { GroupCommit } from './group-commit'
import type { HandledLog } from './handled'
import type { RunInView, RunState, RunView } from './run-view'

export interface Tables {
  readonly view: RunView
  readonly handled: HandledLog
  readonly commit: GroupCommit
}

/** What the application does with the events that interest it. Each handler's data is typed by the catalogue. */
export function addHandlers(
  receiver: Receiver<typeof events>,
  { view, handled, commit }: Tables,
): void {
  const show = (run: RunInView, state: RunState) => commit.write(() => view.show(run, state))

  receiver.on('run.started', ({ data, timestamp: at }) => show(data, { status: 'running', at }))
  receiver.on('run.waiting', ({ data, timestamp: at }) =>
    show(data, { status: 'waiting', detail: data.nodeName, at }),
  )
  receiver.on('run.completed', ({ data, timestamp: at }) =>
    show(data, { status: 'completed', detail: `in ${data.durationMs} ms`, at }),
  )
  receiver.on('run.failed', ({ data, timestamp: at }) =>
    show(data, { status: 'failed', detail: data.error.message, at }),
  )
  receiver.on('run.cancelled', ({ data, timestamp: at }) => show(data, { status: 'cancelled', at }))

  // Every event of the catalogue, after its own handler.
  receiver.onAny((event, context) => commit.write(() => handled.add(event, context)))
}
