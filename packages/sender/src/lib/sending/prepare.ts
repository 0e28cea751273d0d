import {
  type AnyCatalogue,
  encodeJson,
  isEventType,
  isMessageId,
  WebhookError,
  type WebhookEvent,
} from '@posthorn/schema'
import { newId } from '../model/ids'
import { randomBytes } from '../random-bytes'

/** What may accompany an event's `type` and `data`. */
export interface SendFields {
  /** The event id, which the wire carries as `webhook-id`: 1 to 100 of `A-Z a-z 0-9 _ -`. Default: a new one. A known id is a duplicate. */
  readonly id?: string
  /** When it happened. Default: now. */
  readonly timestamp?: Date | string
  /** A second event with the same key, within the tenant, is a duplicate of the first. At most 256 characters. */
  readonly idempotencyKey?: string
  /** Stored with the event, for endpoints that keep the order of events with the same key. */
  readonly orderingKey?: string
  /** Up to 32 short strings, kept with the event and never sent. */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface EventToSend extends SendFields {
  readonly type: string
  readonly data: unknown
  readonly version?: number
}

declare const prepared: unique symbol

/** A validated, serialised event of one tenant: what `enqueue` writes without awaiting anything. */
export interface PreparedEvent {
  readonly [prepared]?: true
  readonly tenantId: string
  readonly id: string
  readonly type: string
  readonly version: number
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly body: Uint8Array
  readonly idempotencyKey?: string
  readonly orderingKey?: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface PrepareContext {
  readonly events: AnyCatalogue | undefined
  readonly maxPayloadBytes: number
  readonly now: () => number
}

const encoder = new TextEncoder()
/** Leaves room in a message id for the `-r<n>` of a replay. */
const longestEventId = 100

/** Validates and serialises, and touches no store: everything that is the caller's mistake is found here. */
export async function prepare(
  context: PrepareContext,
  tenantId: string,
  input: EventToSend,
): Promise<PreparedEvent> {
  if (typeof input !== 'object' || input === null) {
    throw new WebhookError('invalid_event', 'An event is an object with `type` and `data`.')
  }
  const type = checkType(input.type)
  const fields = checkFields(input, context.now())
  const version = await checkData(context.events, type, input)
  const event: WebhookEvent = {
    id: fields.id,
    type,
    timestamp: new Date(fields.timestamp).toISOString(),
    version,
    data: input.data,
  }
  const body = encodeEvent(event, context.maxPayloadBytes)
  return Object.freeze({ tenantId, type, version, body, ...fields })
}

/** The canonical bytes: the `standard` envelope, where version 1 is left out. */
function encodeEvent(event: WebhookEvent, most: number): Uint8Array {
  const { id, type, timestamp, version } = event
  const data = encodeJson(event.data, 'data')
  const head = JSON.stringify(
    version === 1 ? { id, type, timestamp } : { id, type, timestamp, version },
  )
  const body = encoder.encode(`${head.slice(0, -1)},"data":${data}}`)
  if (body.byteLength > most) {
    throw new WebhookError(
      'payload_too_large',
      `The serialised event has ${body.byteLength} bytes, and at most ${most} are sent: send a reference instead, or raise \`maxPayloadBytes\`.`,
      { details: { bytes: body.byteLength, limit: most } },
    )
  }
  return body
}

async function checkData(
  events: AnyCatalogue | undefined,
  type: string,
  input: EventToSend,
): Promise<number> {
  if (events === undefined) return checkVersion(input.version ?? 1)
  if (!events.has(type)) {
    throw new WebhookError(
      'unknown_event_type',
      `The catalogue has no event type "${type.slice(0, 128)}".`,
      {
        details: { type: type.slice(0, 128) },
      },
    )
  }
  const version = checkVersion(input.version ?? events.latest(type))
  const result = await events.validate(type, input.data, version)
  if (result.ok) return version
  const where = result.issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ')
  throw new WebhookError(
    result.code,
    `The data of "${type}" version ${version} is not valid: ${where}`,
    {
      details: { type, version, issues: result.issues },
    },
  )
}

function checkFields(input: EventToSend, now: number) {
  const id = input.id ?? newId('evt', now, randomBytes)
  if (!isMessageId(id) || id.length > longestEventId) {
    throw invalid('id', `must be 1 to ${longestEventId} of A-Z a-z 0-9 _ -`)
  }
  const idempotencyKey = optionalText(input.idempotencyKey, 'idempotencyKey')
  const orderingKey = optionalText(input.orderingKey, 'orderingKey')
  return {
    id,
    timestamp: checkTimestamp(input.timestamp, now),
    metadata: checkMetadata(input.metadata),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(orderingKey === undefined ? {} : { orderingKey }),
  }
}

function checkType(type: unknown): string {
  if (typeof type !== 'string') throw invalid('type', 'must be a string')
  if (!isEventType(type)) {
    throw new WebhookError(
      'unknown_event_type',
      'An event type is segments of A-Z a-z 0-9 _ - joined by dots, at most 128 characters.',
    )
  }
  return type
}

function checkVersion(version: number): number {
  if (!Number.isInteger(version) || version < 1 || version > 1_000_000) {
    throw invalid('version', 'must be a whole number from 1')
  }
  return version
}

function checkTimestamp(timestamp: unknown, now: number): number {
  if (timestamp === undefined) return now
  const ms =
    timestamp instanceof Date
      ? timestamp.getTime()
      : typeof timestamp === 'string'
        ? Date.parse(timestamp)
        : Number.NaN
  // Four-digit years only: others are not in the form that the envelope's timestamp has.
  if (!(ms >= 0 && ms < 253_402_300_800_000))
    throw invalid('timestamp', 'must be a Date or an ISO 8601 string')
  return ms
}

function optionalText(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.length < 1 || value.length > 256 || value.includes('\0')) {
    throw invalid(name, 'must be 1 to 256 characters, without NUL')
  }
  return value
}

/** Copies string pairs on to a bare object, so that no key reaches a prototype. */
export function checkMetadata(value: unknown, name = 'metadata'): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null)
  if (value === undefined) return metadata
  if (typeof value !== 'object' || value === null)
    throw invalid(name, 'must be an object of strings')
  const entries = Object.entries(value)
  if (entries.length > 32) throw invalid(name, 'has more than 32 entries')
  for (const [key, text] of entries) {
    if (
      typeof text !== 'string' ||
      text.length > 1024 ||
      key.length > 128 ||
      `${key}${text}`.includes('\0')
    ) {
      throw invalid(
        name,
        'must hold strings of at most 1,024 characters under keys of at most 128, without NUL',
      )
    }
    metadata[key] = text
  }
  return metadata
}

function invalid(field: string, rule: string): WebhookError {
  return new WebhookError('invalid_event', `\`${field}\` ${rule}.`, { details: { field } })
}
