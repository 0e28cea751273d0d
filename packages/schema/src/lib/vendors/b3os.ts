import {
  defineEnvelope,
  type Envelope,
  type EnvelopeHints,
  envelopes,
  isMessageId,
  type Scheme,
} from '@posthorn/schema'
import { isObject } from '../envelope/guard'
import { events } from './b3os-events'
import { hexOfBody } from './hex-of-body'
import { readPayload, text, versionOf } from './payload'

/** Two names of one state; the catalogue has the one that subscriptions use. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['run.succeeded', 'run.completed'],
  ['node.completed', 'node.succeeded'],
])

/**
 * B3OS execution hooks.
 *
 * - `scheme`: `x-b3os-signature`, hex of the body. Covers neither id nor time: anyone who saw a request can send it again.
 * - `envelope`: `{ id, type, timestamp, data }`. Reads `eventId` and `event` too, and a body without `data`, which is then the data itself. Without
 *   an id the event's is made of signed fields: run id and type, for a node's event execution id and type. So deduplicate by it:
 *   `idempotency: { key: (event) => event.id, … }`.
 * - `events`: the run, node and delivery families. `run.succeeded` arrives as `run.completed`, `node.completed` as `node.succeeded`.
 */
export const b3os: {
  readonly scheme: Scheme
  readonly envelope: Envelope
  readonly events: typeof events
} = Object.freeze({
  scheme: hexOfBody('b3os'),
  envelope: defineEnvelope({
    name: 'b3os',
    encode: envelopes.standard.encode,
    decode: (json, hints = {}) =>
      readPayload(json, (own, payload) => {
        const data = own('data') ?? payload
        const named = text(own('type') ?? own('event'))
        const type = aliases.get(named) ?? named
        return {
          id: text(own('id') ?? own('eventId') ?? derivedId(type, data, hints)),
          type,
          timestamp: text(own('timestamp') ?? hints.timestamp),
          ...versionOf(own),
          data,
        }
      }),
  }),
  events,
})

/** Of signed fields alone, the same for each copy of an event. `hints.id` is the signed bytes' hash. */
function derivedId(type: string, data: unknown, hints: EnvelopeHints): string | undefined {
  const name = type.startsWith('node.') ? 'executionId' : 'runId'
  const subject = isObject(data) && Object.hasOwn(data, name) ? text(data[name]) : ''
  const id = `${subject}_${type.replaceAll('.', '_')}`
  return subject !== '' && isMessageId(id) ? id : hints.id
}
