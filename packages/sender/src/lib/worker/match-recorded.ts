import type { ValidationIssue } from '@posthorn/schema'
import type { EndpointRecord } from '../model/endpoint'
import type { ClaimedEvent, EventVerdict } from '../model/event'
import { decodeBody, fanOut } from '../sending/fan-out'
import { endpointsOf } from '../sending/send'
import { whileBusy } from '../store-retry'
import type { WorkerContext } from './context'

const batch = 200

/** The second stage of events that were only recorded: claimed, matched, fanned out. Answers how many it took. */
export async function matchRecorded(context: WorkerContext): Promise<number> {
  const { store, options, time } = context
  const request = { limit: batch, leaseMs: options.worker.leaseMs }
  const { now, events } = await whileBusy(() => store.deliveries.claimEvents(request))
  time.observe(now)
  if (events.length === 0) return 0
  const endpoints = await endpointsOf(store, new Set(events.map((event) => event.tenantId)))
  const verdicts = events.map((event) => judge(context, event, endpoints.get(event.tenantId) ?? []))
  await whileBusy(() => store.deliveries.fanOut(verdicts))
  announceInvalid(context, verdicts)
  return events.length
}

function judge(
  context: WorkerContext,
  event: ClaimedEvent,
  endpoints: readonly EndpointRecord[],
): EventVerdict {
  const { tenantId, id, token } = event
  const issue = unreadable(event)
  if (issue !== undefined)
    return { tenantId, id, token, outcome: { kind: 'invalid', issues: [issue] } }
  return {
    tenantId,
    id,
    token,
    outcome: { kind: 'fanned_out', ...fanOut(context.fanOut, event, endpoints) },
  }
}

function unreadable(event: ClaimedEvent): ValidationIssue | undefined {
  try {
    decodeBody(event.body)
    return undefined
  } catch {
    return { path: '', message: 'the stored body is not an event in the standard envelope' }
  }
}

function announceInvalid(context: WorkerContext, verdicts: readonly EventVerdict[]): void {
  for (const { tenantId, id, outcome } of verdicts) {
    if (outcome.kind === 'invalid')
      context.emitter.emit('event.invalid', { tenantId, eventId: id, issues: outcome.issues })
  }
}
