import {
  type AnyCatalogue,
  encodeJson,
  isEventType,
  isMessageId,
  WebhookError,
} from '@posthorn/schema'
import { isPlainObject, isStorable, refusal } from '../checks'
import { compact } from '../compact'
import type { NewEvent } from '../model/event'
import { newId } from '../model/ids'
import { randomBytes } from '../random-bytes'
import { parseTime } from '../time'

/** What may accompany an event's `type` and `data`. */
export interface SendFields {
  /** The event id, which the wire carries as `webhook-id`: 1 to 100 of `A-Z a-z 0-9 _ -`. Default: a new one. A known id is a duplicate. */
  readonly id?: string
  /** When it happened: a `Date`, or ISO 8601 with a zone. Default: now. */
  readonly timestamp?: Date | string
  /** A second event with the same key, within the tenant, is a duplicate of the first. At most 256 characters. */
  readonly idempotencyKey?: string
  /** Stored with the event, for endpoints that keep the order of events with the same key. At most 256 characters. */
  readonly orderingKey?: string
  /** Up to 32 short strings, kept with the event and never sent. */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface EventToSend extends SendFields {
  readonly type: string
  /** Anything that JSON can carry. */
  readonly data: unknown
  /** The version of the type's schema that `data` follows. Default: the latest of the catalogue, or 1. */
  readonly version?: number
}

declare const prepared: unique symbol

/** A validated, serialised event of one tenant: what `enqueue` writes without awaiting anything. */
export interface PreparedEvent extends Omit<NewEvent, 'fanOut'> {
  readonly [prepared]?: true
}

export interface PrepareContext {
  readonly events: AnyCatalogue | undefined
  readonly maxPayloadBytes: number
  readonly now: () => number
}

const encoder = new TextEncoder()
const invalid = refusal('invalid_event')
/** Leaves room in a message id for the `-r<n>` of a replay. */
const longestEventId = 100
/** After the year 9999 a timestamp is not in the form that the envelope has. */
const endOfTime = 253_402_300_800_000

/**
 * Validates and serialises, and touches no store: everything that is the caller's mistake is found here. The event is what it was at the
 * call: what the caller changes afterwards, while this awaits the schema, is not sent.
 */
export async function prepare(
  context: PrepareContext,
  tenantId: string,
  input: EventToSend,
): Promise<PreparedEvent> {
  if (typeof input !== 'object' || input === null) {
    throw new WebhookError('invalid_event', 'An event is an object with `type` and `data`.')
  }
  const { data } = input
  const type = checkType(input.type)
  const version = checkVersion(context.events, type, input.version)
  const fields = { tenantId, type, version, ...checkFields(input, context.now()) }
  const encode = atOnce(() => encodeEvent(fields, data, context.maxPayloadBytes))
  await checkData(context.events, fields, data)
  return Object.freeze({ body: encode(), ...fields })
}

/** Computes now, and answers or throws when asked. */
function atOnce<Value>(compute: () => Value): () => Value {
  try {
    const value = compute()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

type EventHead = Pick<PreparedEvent, 'id' | 'type' | 'version' | 'timestamp'>

/** The canonical bytes: the `standard` envelope, where version 1 is left out. */
function encodeEvent({ id, type, version, timestamp }: EventHead, data: unknown, most: number) {
  const json = encodeJson(data, 'data')
  const head = { id, type, timestamp: new Date(timestamp).toISOString() }
  const text = JSON.stringify(version === 1 ? head : { ...head, version })
  const body = encoder.encode(`${text.slice(0, -1)},"data":${json}}`)
  if (body.byteLength <= most) return body
  throw new WebhookError(
    'payload_too_large',
    `The serialised event has ${body.byteLength} bytes, and at most ${most} are sent: send a reference instead, or raise \`maxPayloadBytes\`.`,
    { details: { bytes: body.byteLength, limit: most } },
  )
}

async function checkData(
  events: AnyCatalogue | undefined,
  { type, version }: EventHead,
  data: unknown,
): Promise<void> {
  const result = await events?.validate(type, data, version)
  if (result === undefined || result.ok) return
  const where = result.issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ')
  throw new WebhookError(
    result.code,
    `The data of "${type}" version ${version} is not valid: ${where}`,
    { details: { type, version, issues: result.issues } },
  )
}

function checkFields(input: EventToSend, now: number) {
  const timestamp = input.timestamp === undefined ? now : parseTime(input.timestamp)
  if (timestamp === undefined || timestamp < 0 || timestamp >= endOfTime)
    throw invalid('timestamp', 'must be a Date, or a time with its zone in ISO 8601')
  return {
    id: input.id === undefined ? newId('evt', now, randomBytes) : checkId(input.id),
    timestamp,
    metadata: checkMetadata(input.metadata === undefined ? {} : input.metadata, invalid),
    ...compact({
      idempotencyKey: optionalText(input.idempotencyKey, 'idempotencyKey'),
      orderingKey: optionalText(input.orderingKey, 'orderingKey'),
    }),
  }
}

function checkId(id: unknown): string {
  if (typeof id === 'string' && id.length <= longestEventId && isMessageId(id)) return id
  throw invalid('id', `must be 1 to ${longestEventId} of A-Z a-z 0-9 _ -`)
}

function checkType(type: unknown): string {
  if (typeof type !== 'string') throw invalid('type', 'must be a string')
  if (isEventType(type)) return type
  throw new WebhookError(
    'unknown_event_type',
    'An event type is segments of A-Z a-z 0-9 _ - joined by dots, at most 128 characters.',
  )
}

function checkVersion(
  events: AnyCatalogue | undefined,
  type: string,
  given: number | undefined,
): number {
  if (events !== undefined && !events.has(type)) {
    throw new WebhookError('unknown_event_type', `The catalogue has no event type "${type}".`, {
      details: { type },
    })
  }
  const version = given ?? events?.latest(type) ?? 1
  if (Number.isInteger(version) && version >= 1 && version <= 1_000_000) return version
  throw invalid('version', 'must be a whole number from 1')
}

function optionalText(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length >= 1 && value.length <= 256 && isStorable(value))
    return value
  throw invalid(name, 'must be 1 to 256 characters of well-formed text, without NUL')
}

/** Copies string pairs on to a bare object, so that no key reaches a prototype. */
export function checkMetadata(
  value: unknown,
  invalid: (field: string, rule: string) => WebhookError,
): Readonly<Record<string, string>> {
  if (!isPlainObject(value)) throw invalid('metadata', 'must be an object of strings')
  const entries = Object.entries(value)
  if (entries.length > 32) throw invalid('metadata', 'has more than 32 entries')
  const metadata: Record<string, string> = Object.create(null)
  for (const [key, text] of entries) {
    const fits = typeof text === 'string' && text.length <= 1024 && key.length <= 128
    if (!fits || !isStorable(`${key} ${text}`)) {
      throw invalid(
        'metadata',
        'must hold strings of at most 1,024 characters under keys of at most 128, without NUL',
      )
    }
    metadata[key] = text
  }
  return metadata
}
