import { after } from '../awaitable'
import { sha256 } from '../hash'
import type { ResolvedIdempotency } from '../idempotency-options'
import type { ResolvedOptions } from '../options'
import type { Awaitable, ClaimKey, ClaimResult } from '../ports/idempotency-store'
import type { ReceiveOutcome } from '../result'
import { underClaim } from './claimed'
import { insertAndWork } from './inserting'
import { Lease, NoLease } from './lease'
import type { Message } from './parse'
import { refuse } from './stage'
import { about, type Work } from './work'

const MAX_KEY_LENGTH = 255

/** Runs `work` for the first copy of a message, and answers for the others. */
export function once(
  options: ResolvedOptions,
  message: Message,
  work: Work,
): Awaitable<ReceiveOutcome> {
  const { idempotency } = options
  if (idempotency) return onceClaimed(options, idempotency, message, work)
  return after(work(message, new NoLease(), {}), ({ outcome }) => outcome)
}

async function onceClaimed(
  options: ResolvedOptions,
  idempotency: ResolvedIdempotency,
  message: Message,
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

async function nameClaim({ key, source }: ResolvedIdempotency, message: Message) {
  const { event, verified, request } = message
  const fingerprint = await sha256(verified.bytes)
  const id = key ? await usable(await key(event)) : message.id
  return { key: { source: filled(await source(request), 'source'), id }, fingerprint }
}

/** Stores index keys: a long one, or one with control characters, is kept as its hash. */
async function usable(key: unknown): Promise<string> {
  const text = filled(key, 'key')
  if (text.length <= MAX_KEY_LENGTH && /^[\x20-\x7e]+$/.test(text)) return text
  return `sha256-${await sha256(new TextEncoder().encode(text))}`
}

function filled(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`idempotency.${name} must return a non-empty string`)
}

function answer(result: Exclude<ClaimResult, { state: 'acquired' }>, message: Message) {
  if (result.state === 'done') {
    return { kind: 'duplicate', messageId: message.id, type: message.event.type } as const
  }
  if (result.state === 'mismatch') return refuse('id_reused', about(message))
  return refuse('duplicate_in_flight', { ...about(message), retryAfterMs: result.retryInMs })
}
