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
import type { TenantContext } from './context'
import { getRecord } from './endpoint-writes'
import { invalid, time } from './paging'

export interface RecoverOptions {
  /** One endpoint; absent: every endpoint of the tenant that is not disabled. */
  readonly endpointId?: string
  /** Exact event types; absent: all. */
  readonly types?: readonly string[]
  /** Events recorded at or after. */
  readonly since: Date | string
  /** Events recorded before. Default: now. */
  readonly until?: Date | string
  /** What it failed (default); what it never got, though it matches the subscription; or all that matches (a resync). */
  readonly only?: 'failed' | 'missing' | 'all'
  /** Only count. */
  readonly dryRun?: boolean
  /** New deliveries per second, so that a recovery does not flood the receiver. Default: as fast as the store takes them. */
  readonly perSecond?: number
  readonly onProgress?: (soFar: Recovered) => void
}

export interface Recovered {
  /** Events looked at, once per endpoint. */
  readonly examined: number
  /** Deliveries created; in a dry run, those that would be. */
  readonly recovered: number
  /** Chosen, but their payload was pruned. */
  readonly pruned: number
}

type Counts = { -readonly [Key in keyof Recovered]: number }

const pageSize = 200

interface Plan {
  readonly only: 'failed' | 'missing' | 'all'
  readonly since: number
  readonly until: number
  readonly types: readonly string[] | undefined
  readonly dryRun: boolean
  readonly perSecond: number | undefined
  readonly onProgress: (soFar: Recovered) => void
}

/** Delivers again what an endpoint failed, missed, or all of it. Safe to repeat: what is under way is not doubled. */
export async function recover(context: TenantContext, options: RecoverOptions): Promise<Recovered> {
  context.refuseIfStopped()
  const plan = checkPlan(context, options)
  const counts: Counts = { examined: 0, recovered: 0, pruned: 0 }
  for (const endpoint of await endpointsFor(context, options.endpointId)) {
    await recoverEndpoint(context, endpoint, plan, counts)
  }
  context.wake()
  return counts
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

async function recoverEndpoint(
  context: TenantContext,
  endpoint: EndpointRecord,
  plan: Plan,
  counts: Counts,
): Promise<void> {
  const { tenantId } = context
  const { since, until } = plan
  const query = {
    tenantId,
    endpointId: endpoint.id,
    since,
    until,
    limit: pageSize,
    ...compact({ types: plan.types }),
  }
  let cursor: string | undefined
  do {
    const page = await whileBusy(() =>
      context.store.log.history({ ...query, ...compact({ cursor }) }),
    )
    const chosen = page.items.filter((item) =>
      selectForRecovery(plan.only, item.deliveries, isMatch(item, endpoint)),
    )
    const present = chosen.filter((item) => item.event.body !== undefined)
    counts.examined += page.items.length
    counts.pruned += chosen.length - present.length
    counts.recovered += plan.dryRun
      ? present.length
      : await redeliver(context, endpoint, present, plan.perSecond)
    plan.onProgress({ ...counts })
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** Whether the endpoint's subscription, as it is now, wants the event. */
function isMatch({ event }: HistoryItem, endpoint: EndpointRecord): boolean {
  const { body, type } = event
  if (body === undefined) return matchesType(endpoint.eventTypes, type)
  const [found] = match({ type, data: () => decodeBody(body).data }, [endpoint])
  return found?.state.status === 'pending'
}

async function redeliver(
  context: TenantContext,
  endpoint: EndpointRecord,
  items: readonly HistoryItem[],
  perSecond: number | undefined,
): Promise<number> {
  let created = 0
  const size =
    perSecond === undefined ? pageSize : Math.max(1, Math.min(pageSize, Math.floor(perSecond / 4)))
  for (let from = 0; from < items.length; from += size) {
    const batch = items.slice(from, from + size).map((item) => redelivery(context, endpoint, item))
    const verdicts = await whileBusy(() => context.store.deliveries.redeliver(batch))
    created += verdicts.filter((verdict) => verdict === 'created').length
    context.wake()
    if (perSecond !== undefined)
      await context.options.clock.sleep((batch.length / perSecond) * 1000)
  }
  return created
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

function checkPlan(context: TenantContext, options: RecoverOptions): Plan {
  const since = time(options.since, 'since')
  if (since === undefined) throw invalid('since', 'is needed: from when on to recover')
  const only = options.only ?? 'failed'
  if (!['failed', 'missing', 'all'].includes(only))
    throw invalid('only', "must be 'failed', 'missing' or 'all'")
  const { perSecond } = options
  if (perSecond !== undefined && !(perSecond > 0 && perSecond <= 100_000))
    throw invalid('perSecond', 'must be above 0')
  return {
    only,
    since,
    // The end is fixed at the start, so that a recovery never chases what it causes.
    until: time(options.until, 'until') ?? context.now() + 1,
    types: options.types,
    dryRun: options.dryRun ?? false,
    perSecond,
    onProgress: options.onProgress ?? (() => {}),
  }
}
