import { after } from '../awaitable'
import { sha256 } from '../hash'
import type { ResolvedIdempotency } from '../idempotency-options'
import { filled, textKey } from '../key'
import type { ResolvedOptions } from '../options'
import type { Awaitable, ClaimKey, ClaimResult } from '../ports/idempotency-store'
import type { ReceiveOutcome } from '../result'
import { underClaim } from './claimed'
import { insertAndWork } from './inserting'
import { Lease, NoLease } from './lease'
import type { Message, Received } from './parse'
import { refuse } from './stage'
import { about, type Work } from './work'

/** Runs `work` for the first copy of a message, and answers for the others. */
export function once(
  options: ResolvedOptions,
  message: Received,
  work: Work,
): Awaitable<ReceiveOutcome> {
  const { idempotency } = options
  if (idempotency) return onceClaimed(options, idempotency, message, work)
  return after(work(message, new NoLease(), {}), ({ outcome }) => outcome)
}

async function onceClaimed(
  options: ResolvedOptions,
  idempotency: ResolvedIdempotency,
  message: Received,
  work: Work,
): Promise<ReceiveOutcome> {
  let named: { key: ClaimKey; fingerprint: string }
  try {
    named = await nameClaim(idempotency, message)
  } catch (cause) {
    return refuse('config', { ...about(message), cause })
  }
  const claimed = { ...message, id: named.key.id }
  if (idempotency.kind === 'inserting') {
    return insertAndWork(idempotency, named.key, { message: claimed, work })
  }
  const askedAt = options.clock.now()
  let result: ClaimResult
  try {
    const { key, fingerprint } = named
    result = await idempotency.store.claim(key, fingerprint, idempotency.leaseMs)
  } catch (cause) {
    return refuse('store_unavailable', { ...about(claimed), cause })
  }
  if (result.state !== 'acquired') return answer(result, claimed)
  const lease = new Lease(options, idempotency, { ...named.key, token: result.token }, askedAt)
  return underClaim(options, idempotency, lease, { message: claimed, work })
}

async function nameClaim({ key, source }: ResolvedIdempotency, message: Received) {
  const { event, verified, request } = message
  const fingerprint = await sha256(verified.bytes)
  const id = key ? await textKey(await key(event), 'idempotency.key') : message.id
  return { key: { source: filled(await source(request), 'idempotency.source'), id }, fingerprint }
}

function answer(result: Exclude<ClaimResult, { state: 'acquired' }>, message: Message) {
  if (result.state === 'done') {
    return { kind: 'duplicate', messageId: message.id, type: message.event.type } as const
  }
  if (result.state === 'mismatch') return refuse('id_reused', about(message))
  return refuse('duplicate_in_flight', { ...about(message), retryAfterMs: result.retryInMs })
}
