import { sha256 } from '../hash'
import type { ResolvedIdempotency, ResolvedOptions } from '../options'
import type { ClaimKey, ClaimResult } from '../ports/idempotency-store'
import type { ReceiveOutcome } from '../result'
import { type Held, Lease, noLease } from './lease'
import type { Message } from './parse'
import { refuse } from './stage'

/** What the work under a claim came to, and whether it is to be remembered. */
export interface Worked {
  readonly outcome: ReceiveOutcome
  readonly remember: boolean
}

export type Work = (message: Message, lease: Held) => Promise<Worked>

const MAX_KEY_LENGTH = 255

/** Runs `work` for the first copy of a message, and answers for the others. */
export async function once(
  options: ResolvedOptions,
  message: Message,
  work: Work,
): Promise<ReceiveOutcome> {
  const { idempotency } = options
  if (!idempotency) return (await work(message, noLease())).outcome
  let named: { key: ClaimKey; fingerprint: string }
  try {
    named = await nameClaim(idempotency, message)
  } catch (cause) {
    return refuse('config', { ...about(message), cause })
  }
  const claimed = { ...message, id: named.key.id }
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
  return settle(options, lease, claimed, await work(claimed, lease))
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

/** Completes or gives back the claim. The outcome stands unless success could not be recorded. */
async function settle(
  { log }: ResolvedOptions,
  lease: Lease,
  message: Message,
  { outcome, remember }: Worked,
): Promise<ReceiveOutcome> {
  lease.stop()
  const failed = outcome.kind === 'refused' ? outcome : undefined
  if (remember) {
    try {
      if (await lease.complete()) return outcome
      return refuse('lease_lost', about(message))
    } catch (cause) {
      return refuse('store_unavailable', { ...about(message), cause })
    }
  }
  try {
    await lease.release()
  } catch (err) {
    log.warn({ err, ...about(message) }, 'Claim not released; it ends with its lease.')
  }
  return failed && lease.lost ? { ...failed, code: 'lease_lost' } : outcome
}

export function about(message: Message): { readonly messageId: string; readonly type: string } {
  return { messageId: message.id, type: message.event.type }
}
