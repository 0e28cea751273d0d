import type { WebhookEvent } from '@posthorn/schema'
import { sha256 } from '../hash'
import type { ResolvedOptions } from '../options'
import type { ReceiveRequest } from '../request'
import { pass, type Stage, stop } from './stage'
import type { Verified } from './verify'

/** A verified request with its event as it came on the wire. */
export interface Message {
  readonly event: WebhookEvent
  /** Signed id, or what stands for it. */
  readonly id: string
  readonly verified: Verified
  readonly request: ReceiveRequest
}

/** UTF-8. `ignoreBOM` keeps the mark in the text, where JSON does not allow it (RFC 8259, 8.1). */
const utf8 = new TextDecoder(undefined, { fatal: true, ignoreBOM: true })

export async function parse(
  options: ResolvedOptions,
  request: ReceiveRequest,
  verified: Verified,
): Promise<Stage<Message>> {
  const json = parseJson(verified.bytes)
  if (!json.ok) return json
  const id = verified.id ?? `sha256-${await sha256(verified.bytes)}`
  try {
    const type = await options.type?.(request)
    const read = options.envelope.decode(json.value, {
      id,
      timestamp: timeOf(verified, options),
      ...(type === undefined ? {} : { type }),
    })
    if (!read.ok) return stop('invalid_envelope', { messageId: id, issues: read.issues })
    return pass({ event: read.event, id, verified, request })
  } catch (cause) {
    return stop('config', { messageId: id, cause })
  }
}

function parseJson(bytes: Uint8Array): Stage<unknown> {
  try {
    return pass(JSON.parse(utf8.decode(bytes)))
  } catch {
    // The parser's message quotes the body.
    return stop('malformed_json')
  }
}

function timeOf({ signedAt }: Verified, { clock }: ResolvedOptions): string {
  return new Date(signedAt === undefined ? clock.now() : signedAt * 1_000).toISOString()
}
