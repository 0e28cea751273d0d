import type { Receiver } from '@posthorn/receiver'
import type { events } from '../events'
import type { HandledLog } from './handled'
import type { RunView } from './run-view'

/** What the application does with the events that interest it. Each handler's data is typed by the catalogue. */
export function addHandlers(
  receiver: Receiver<typeof events>,
  view: RunView,
  handled: HandledLog,
): void {
  receiver.on('run.started', ({ data, timestamp: at }) => {
    view.show(data, { status: 'running', at })
  })
  receiver.on('run.waiting', ({ data, timestamp: at }) => {
    view.show(data, { status: 'waiting', detail: data.nodeName, at })
  })
  receiver.on('run.completed', ({ data, timestamp: at }) => {
    view.show(data, { status: 'completed', detail: `in ${data.durationMs} ms`, at })
  })
  receiver.on('run.failed', ({ data, timestamp: at }) => {
    view.show(data, { status: 'failed', detail: data.error.message, at })
  })
  receiver.on('run.cancelled', ({ data, timestamp: at }) => {
    view.show(data, { status: 'cancelled', at })
  })
  // Every event of the catalogue, after its own handler.
  receiver.onAny((event, context) => handled.add(event, context))
}
