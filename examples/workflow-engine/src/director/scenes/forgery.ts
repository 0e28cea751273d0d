import { schemes, signHeaders } from '@posthorn/schema/signature'
import type { Handled } from '../app-file'
import { post } from '../post'
import type { Show } from '../show'

export interface Forgery {
  readonly repeated: { readonly status: number; readonly code: string }
  readonly tampered: { readonly status: number; readonly code: string }
}

/** Somebody posts a message again that was delivered already, and then one that was changed on the way. */
export async function forgery(
  { stage, operator, endpoint }: Show,
  handled: Handled,
): Promise<Forgery> {
  const { timeline } = stage
  timeline.scene('A message comes twice; another is tampered with')
  const { body = new Uint8Array() } = await operator.sender.events.get(handled.eventId)
  // Id, time and body make the signature: these are the headers that the host sent.
  const message = { id: handled.messageId, timestamp: handled.signedAt, body }
  const headers = await signHeaders(schemes.standard, message, [endpoint.secret])

  const repeated = await post(endpoint.url, headers, body)
  timeline.say('attacker', `posts a captured ${handled.type} again: ${answer(repeated)}`)

  const tampered = await post(endpoint.url, headers, withOneByteChanged(body))
  timeline.say('attacker', `posts it with one byte changed: ${answer(tampered)}`)
  return { repeated, tampered }
}

function withOneByteChanged(body: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(body)
  const at = changed.length - 3
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

function answer({ status, code }: { status: number; code: string }): string {
  return `${status} ${code}`
}
