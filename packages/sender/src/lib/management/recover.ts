import { WebhookError } from '@posthorn/schema'
import { compact } from '../compact'
import type { EndpointRecord } from '../model/endpoint'
import { newId } from '../model/ids'
import { match } from '../model/match'
import { matchesType } from '../model/patterns'
import { selectForRecovery } from '../model/recovery'
import type { HistoryItem } from '../ports/delivery-log'
import type { Redelivery } from '../ports/delivery-store'
import { randomBytes } from '../random-bytes'
import { decodeBody, ownBody } from '../sending/fan-out'
import { whileBusy } from '../store-retry'
import { announceReplay } from './announce-replay'
import type { TenantContext } from './context'
import { getRecord } from './endpoint-writes'
import { createPace, type Pace } from './pace'
import { checkPlan, type Recovered, type RecoverOptions, type RecoverPlan } from './recover-plan'

type Counts = { -readonly [Key in keyof Recovered]: number }

const pageSize = 200

/**
 * Delivers again what an endpoint failed, missed, or all of it. Safe to repeat: what is under way is not doubled. A stop ends it with
 * `sender_stopped`.
 */
export async function recover(context: TenantContext, options: RecoverOptions): Promise<Recovered> {
  context.refuseIfStopped()
  const plan = checkPlan(options, context.now())
  const counts: Counts = { examined: 0, recovered: 0, pruned: 0 }
  const pace = createPace(context.options.clock, plan.perSecond, context.stopping)
  const recovery = { context, plan, counts, pace }
  for (const endpoint of await endpointsFor(context, options.endpointId)) {
    await recoverEndpoint(recovery, endpoint)
  }
  context.wake()
  return counts
}

interface Recovery {
  readonly context: TenantContext
  readonly plan: RecoverPlan
  readonly counts: Counts
  readonly pace: Pace
}

async function endpointsFor(
  context: TenantContext,
  id: string | undefined,
): Promise<readonly EndpointRecord[]> {
  if (id === undefined) {
    const all = await whileBusy(() => context.store.endpoints.forTenant(context.tenantId))
    return all.filter((endpoint) => endpoint.status !== 'disabled')
  }
  const endpoint = await getRecord(context, id)
  if (endpoint.status !== 'disabled') return [endpoint]
  throw new WebhookError(
    'replay_refused',
    'Nothing can be recovered for a disabled endpoint: enable it first.',
    {
      details: { reason: 'endpoint_disabled' },
    },
  )
}

async function recoverEndpoint(recovery: Recovery, endpoint: EndpointRecord): Promise<void> {
  const { context, plan, counts } = recovery
  let cursor: string | undefined
  do {
    context.refuseIfStopped()
    const page = await readPage(recovery, endpoint.id, cursor)
    const chosen = page.items.filter((item) =>
      selectForRecovery(plan.only, item.deliveries, isMatch(item, endpoint)),
    )
    const present = chosen.filter((item) => item.event.body !== undefined)
    counts.examined += page.items.length
    counts.pruned += chosen.length - present.length
    counts.recovered += plan.dryRun ? present.length : await redeliver(recovery, endpoint, present)
    await plan.onProgress({ ...counts })
    cursor = page.cursor
  } while (cursor !== undefined)
}

function readPage({ context, plan }: Recovery, endpointId: string, cursor: string | undefined) {
  const { since, until, types } = plan
  const { tenantId, store } = context
  const range = { tenantId, endpointId, since, until, limit: pageSize }
  return whileBusy(() => store.log.history({ ...range, ...compact({ types, cursor }) }))
}

/** Whether the endpoint's subscription, as it is now, wants the event. */
function isMatch({ event }: HistoryItem, endpoint: EndpointRecord): boolean {
  const { body, type } = event
  if (body === undefined) return matchesType(endpoint.eventTypes, type)
  const [found] = match({ type, data: () => decodeBody(body).data }, [endpoint])
  return found?.state.status === 'pending'
}

async function redeliver(
  { context, plan, pace }: Recovery,
  endpoint: EndpointRecord,
  items: readonly HistoryItem[],
): Promise<number> {
  let created = 0
  const size = batchSize(plan.perSecond)
  for (let from = 0; from < items.length; from += size) {
    const chosen = items.slice(from, from + size)
    const batch = chosen.map((item) => redelivery(context, endpoint, item))
    await pace(batch.length)
    context.refuseIfStopped()
    const verdicts = await whileBusy(() => context.store.deliveries.redeliver(batch))
    for (const [index, item] of batch.entries()) {
      if (verdicts[index] !== 'created') continue
      created += 1
      announceReplay(context, item, chosen[index]?.event.type ?? '')
    }
    context.wake()
  }
  return created
}

/** Four batches a second, so that the receiver sees a stream and not a burst. */
function batchSize(perSecond = Number.POSITIVE_INFINITY): number {
  return Math.max(1, Math.min(pageSize, Math.floor(perSecond / 4)))
}

function redelivery(
  context: TenantContext,
  endpoint: EndpointRecord,
  { event, deliveries }: HistoryItem,
): Redelivery {
  return {
    tenantId: context.tenantId,
    id: newId('dlv', context.now(), randomBytes),
    eventId: event.id,
    endpointId: endpoint.id,
    as: 'same',
    ...(event.body === undefined ? {} : ownBody(context.fanOut, endpoint, event.body)),
    ...compact({ replayOf: deliveries.at(-1)?.id }),
  }
}
