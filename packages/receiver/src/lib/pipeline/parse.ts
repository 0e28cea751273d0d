import { type EnvelopeHints, envelopes, type WebhookEvent } from '@posthorn/schema'
import { after } from '../awaitable'
import { sha256 } from '../hash'
import type { ResolvedOptions } from '../options'
import type { Awaitable } from '../ports/idempotency-store'
import type { ReceiveRequest } from '../request'
import type { TraceContext } from '../telemetry/api'
import { pass, type Stage, stop } from './stage'
import type { Verified } from './verify'

/** An event as it came on the wire. */
export interface Message {
  readonly event: WebhookEvent
  /** Signed id, or what stands for it. */
  readonly id: string
  /** Undefined for an event that did not come as a request. */
  readonly verified: Verified | undefined
  readonly request: ReceiveRequest
  /** Where the spans of its handlers belong; with `telemetry`. */
  readonly trace?: TraceContext
}

/** One that came in a verified request. */
export interface Received extends Message {
  readonly verified: Verified
}

/** UTF-8. `ignoreBOM` keeps the mark in the text, where JSON does not allow it (RFC 8259, 8.1). */
const utf8 = new TextDecoder(undefined, { fatal: true, ignoreBOM: true })

export function parse(
  options: ResolvedOptions,
  request: ReceiveRequest,
  verified: Verified,
): Awaitable<Stage<Received>> {
  const json = parseJson(verified.bytes)
  if (!json.ok) return json
  return after(nameOf(options, request, verified), (named) => {
    if (!named.ok) return named
    const read = decode(options, json.value, verified, named.value)
    return read.ok ? pass({ event: read.value, id: named.value.id, verified, request }) : read
  })
}

/** What a message is called, where its envelope does not say. */
interface Name {
  readonly id: string
  readonly type: string | undefined
}

function nameOf(
  { type }: ResolvedOptions,
  request: ReceiveRequest,
  verified: Verified,
): Awaitable<Stage<Name>> {
  const { id } = verified
  return id !== undefined && !type
    ? pass({ id, type: undefined })
    : askName(type, request, verified)
}

async function askName(
  type: ResolvedOptions['type'],
  request: ReceiveRequest,
  verified: Verified,
): Promise<Stage<Name>> {
  const id = verified.id ?? `sha256-${await sha256(verified.bytes)}`
  try {
    return pass({ id, type: await type?.(request) })
  } catch (cause) {
    return stop('config', { messageId: id, cause })
  }
}

function decode(
  options: ResolvedOptions,
  json: unknown,
  verified: Verified,
  named: Name,
): Stage<WebhookEvent> {
  const { envelope } = options
  const messageId = named.id
  try {
    // The standard envelope has all of its own, and is most that there is.
    const read =
      envelope === envelopes.standard
        ? envelope.decode(json)
        : envelope.decode(json, new Hints(options, verified, named))
    return read.ok ? pass(read.event) : stop('invalid_envelope', { messageId, issues: read.issues })
  } catch (cause) {
    return stop('config', { messageId, cause })
  }
}

class Hints implements EnvelopeHints {
  /** The object's own, so that an envelope may spread it, and made when asked for: most envelopes carry their own. */
  static readonly #timestamp: PropertyDescriptor = {
    enumerable: true,
    get(this: Hints) {
      return timeOf(this.#verified, this.#options)
    },
  }

  readonly id: string
  declare readonly type?: string
  declare readonly timestamp: string
  readonly #options: ResolvedOptions
  readonly #verified: Verified

  constructor(options: ResolvedOptions, verified: Verified, { id, type }: Name) {
    this.id = id
    if (type !== undefined) this.type = type
    this.#options = options
    this.#verified = verified
    Object.defineProperty(this, 'timestamp', Hints.#timestamp)
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
