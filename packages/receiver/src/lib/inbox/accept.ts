import { after } from '../awaitable'
import { sha256 } from '../hash'
import { filled, textKey } from '../key'
import { decode } from '../pipeline/dispatch'
import type { Received } from '../pipeline/parse'
import { refuse } from '../pipeline/stage'
import { about } from '../pipeline/work'
import type { Awaitable } from '../ports/idempotency-store'
import type { InboxFacts, InboxKey, InboxMessage } from '../ports/inbox-store'
import type { ReceiverParts } from '../receiver-parts'
import { headerLookup } from '../request'
import type { ReceiveOutcome } from '../result'
import type { InboxHandlers } from './handlers'
import type { ResolvedInboxOptions } from './options'

export interface Acceptance {
  readonly parts: ReceiverParts
  readonly inbox: ResolvedInboxOptions
  readonly handlers: InboxHandlers
  /** Called once something is there to be done. */
  accepted(): void
}

/** Keeps a verified message for its handlers; what no handler takes is the receiver's. */
export function accept(acceptance: Acceptance, message: Received): Awaitable<ReceiveOutcome> {
  const { parts, handlers } = acceptance
  const { type } = message.event
  const { isKnown, names } = handlers.route(type)
  if (names.length === 0) return parts.take(message)
  if (!isKnown) return keep(acceptance, message, names)
  return after(decode(parts.options, message.event), (decoded) =>
    decoded.ok ? keep(acceptance, message, names) : { ...decoded.refusal, ...about(message) },
  )
}

async function keep(
  acceptance: Acceptance,
  message: Received,
  names: readonly string[],
): Promise<ReceiveOutcome> {
  const { inbox } = acceptance
  let key: InboxKey
  try {
    key = await keyOf(inbox, message)
  } catch (cause) {
    return refuse('config', { ...about(message), cause })
  }
  const claimed = { ...message, id: key.id }
  try {
    const result = await inbox.store.accept(await stored(inbox, key, message), names)
    if (result === 'mismatch') return refuse('id_reused', about(claimed))
    if (result === 'duplicate') return { kind: 'duplicate', ...about(claimed) }
  } catch (cause) {
    return refuse('store_unavailable', { ...about(claimed), cause })
  }
  acceptance.accepted()
  return { kind: 'accepted', messageId: key.id, event: message.event }
}

async function keyOf(
  { key, source }: ResolvedInboxOptions,
  { event, id, request }: Received,
): Promise<InboxKey> {
  const named = filled(await source(request), 'createInbox: source')
  return { source: named, id: key ? await textKey(await key(event), 'createInbox: key') : id }
}

async function stored(
  { headers }: ResolvedInboxOptions,
  key: InboxKey,
  { event, verified, request }: Received,
): Promise<InboxMessage> {
  const { bytes, signedAt, secretIndex, secretId } = verified
  const lookup = headerLookup(request.headers)
  const facts: InboxFacts = {
    eventId: event.id,
    timestamp: event.timestamp,
    secretIndex,
    ...(signedAt === undefined ? {} : { signedAt }),
    ...(secretId === undefined ? {} : { secretId }),
    headers: Object.fromEntries(
      headers.flatMap((name) => {
        const value = lookup.get(name)
        return value === undefined ? [] : [[name, value]]
      }),
    ),
    params: { ...request.params },
  }
  return { key, fingerprint: await sha256(bytes), type: event.type, body: bytes, facts }
}
