import type { ValidationIssue, WebhookEvent } from '@posthorn/schema'
import type { EndpointRecord } from '../model/endpoint'
import type { ClaimedEvent, EventVerdict } from '../model/event'
import { decodeBody, fanOut } from '../sending/fan-out'
import { readAll } from '../sending/insert-matched'
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
  const tenants = new Set(events.map((event) => event.tenantId))
  const endpoints = await readAll(tenants, (tenantId) =>
    whileBusy(() => store.endpoints.forTenant(tenantId)),
  )
  const verdicts = await Promise.all(
    events.map((event) => judge(context, event, endpoints.get(event.tenantId) ?? [])),
  )
  await whileBusy(() => store.deliveries.fanOut(verdicts))
  announceInvalid(context, verdicts)
  return events.length
}

async function judge(
  context: WorkerContext,
  event: ClaimedEvent,
  endpoints: readonly EndpointRecord[],
): Promise<EventVerdict> {
  const { tenantId, id, token } = event
  const issues = await issuesOf(context, event)
  if (issues.length > 0) return { tenantId, id, token, outcome: { kind: 'invalid', issues } }
  return {
    tenantId,
    id,
    token,
    outcome: { kind: 'fanned_out', ...fanOut(context.fanOut, event, endpoints) },
  }
}

async function issuesOf(
  { options }: WorkerContext,
  { body, type, version, unchecked }: ClaimedEvent,
): Promise<readonly ValidationIssue[]> {
  const event = readable(body)
  if (event === undefined)
    return [{ path: '', message: 'the stored body is not an event in the standard envelope' }]
  if (!unchecked) return []
  if (body.byteLength > options.maxPayloadBytes)
    return [
      { path: '', message: `has more than the ${options.maxPayloadBytes} bytes that are sent` },
    ]
  const result = await options.events?.validate(type, event.data, version)
  return result === undefined || result.ok ? [] : result.issues
}

function readable(body: Uint8Array): WebhookEvent | undefined {
  try {
    return decodeBody(body)
  } catch {
    return undefined
  }
}

function announceInvalid(context: WorkerContext, verdicts: readonly EventVerdict[]): void {
  for (const { tenantId, id, outcome } of verdicts) {
    if (outcome.kind === 'invalid')
      context.emitter.emit('event.invalid', { tenantId, eventId: id, issues: outcome.issues })
  }
}
