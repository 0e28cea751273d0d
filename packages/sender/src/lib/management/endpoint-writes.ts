import { WebhookError } from '@posthorn/schema'
import { compact } from '../compact'
import type { EndpointRecord } from '../model/endpoint'
import { whileBusy } from '../store-retry'
import { isId } from './arguments'
import type { TenantContext } from './context'
import type { SettingsPatch } from './endpoint-input'

const mostTries = 8

export async function getRecord(context: TenantContext, id: string): Promise<EndpointRecord> {
  const { store, tenantId } = context
  const record = isId(id) ? await whileBusy(() => store.endpoints.get(tenantId, id)) : undefined
  if (record !== undefined) return record
  throw notFound()
}

export function notFound(): WebhookError {
  return new WebhookError('endpoint_not_found', 'This tenant has no endpoint of that id.')
}

/** Reads, changes and writes back; again from the start if another writer came between. */
export async function change(
  context: TenantContext,
  id: string,
  edit: (record: EndpointRecord) => EndpointRecord | Promise<EndpointRecord>,
): Promise<EndpointRecord> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const edited = await edit(await getRecord(context, id))
    const written = await whileBusy(() => context.store.endpoints.replace(edited))
    if (written !== undefined) return written
  }
  throw new WebhookError(
    'store_busy',
    'The endpoint is being changed by others all the time: try again.',
  )
}

/** The record with a checked patch laid over it. */
export function merge(record: EndpointRecord, patch: SettingsPatch): EndpointRecord {
  const { name, description, filter, retry, timeoutMs, envelope, schemes } = { ...record, ...patch }
  const { sealedHeaders, authorization, tls, rateLimit, ordered } = { ...record, ...patch }
  const url = patch.url ?? record.url
  return {
    ...identity(url === record.url ? record : cleanSlate(record)),
    url,
    eventTypes: patch.eventTypes ?? record.eventTypes,
    headers: 'headers' in patch ? (patch.headers ?? {}) : record.headers,
    metadata: 'metadata' in patch ? (patch.metadata ?? {}) : record.metadata,
    ...compact({ name, description, filter, retry, timeoutMs, envelope, schemes }),
    ...compact({ sealedHeaders, authorization, tls, rateLimit, ordered }),
  }
}

/** What no change of settings touches. */
function identity(record: EndpointRecord) {
  const {
    tenantId,
    id,
    seq,
    revision,
    status,
    disabledReason,
    health,
    throttledUntil,
    secrets,
    createdAt,
    updatedAt,
  } = record
  const state = compact({ disabledReason, throttledUntil })
  return { tenantId, id, seq, revision, status, health, secrets, createdAt, updatedAt, ...state }
}

/** Enabled or paused. One that was disabled gets a clean slate. */
export function activated(record: EndpointRecord, status: 'enabled' | 'paused'): EndpointRecord {
  if (record.status !== 'disabled') return { ...record, status }
  const { disabledReason: _reason, ...rest } = cleanSlate(record)
  return { ...rest, status }
}

/** Old failures and throttles say nothing about an endpoint that was repaired, or moved. */
function cleanSlate({ throttledUntil: _, ...record }: EndpointRecord): EndpointRecord {
  return { ...record, health: { state: 'healthy' } }
}
