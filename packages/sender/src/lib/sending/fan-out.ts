import {
  type Envelope,
  encodeJson,
  envelopes,
  WebhookError,
  type WebhookEvent,
} from '@posthorn/schema'
import { compact } from '../compact'
import type { EndpointRecord } from '../model/endpoint'
import type { EnvelopeBody, FanOut, NewDelivery } from '../model/event'
import { newId } from '../model/ids'
import { match } from '../model/match'
import { randomBytes } from '../random-bytes'

export interface FanOutContext {
  readonly envelopes: ReadonlyMap<string, Envelope>
  readonly defaultEnvelope: string
  readonly now: () => number
}

/** The part of an event that matching and laying out need. */
export interface EventToFanOut {
  readonly type: string
  readonly body: Uint8Array
  readonly horizon?: number
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/**
 * Which endpoints get the event, and its bytes in each envelope they ask for beside the canonical one. An envelope that is not registered,
 * or cannot lay the event out, leaves its deliveries without a body: they fail as `config`, in sight, and hinder no other.
 */
export function fanOut(
  context: FanOutContext,
  event: EventToFanOut,
  endpoints: readonly EndpointRecord[],
): FanOut {
  const decode = once(() => decodeBody(event.body))
  const matches = match({ data: () => decode().data, ...event }, endpoints)
  const bodies = new Map<string, EnvelopeBody>()
  const deliveries = matches.map(({ endpoint, state }): NewDelivery => {
    const delivery = {
      id: newId('dlv', context.now(), randomBytes),
      endpointId: endpoint.id,
      state,
    }
    const envelope = envelopeName(context, endpoint)
    if (envelope === undefined) return delivery
    const body = bodies.get(envelope)?.body ?? layOut(context.envelopes.get(envelope), decode)
    if (body !== undefined) bodies.set(envelope, { envelope, body })
    return { envelope, ...delivery }
  })
  return { deliveries, bodies: [...bodies.values()] }
}

/** The name of the endpoint's envelope, or undefined for the canonical one, whose bytes the event itself carries. */
function envelopeName(
  context: Pick<FanOutContext, 'defaultEnvelope'>,
  endpoint: EndpointRecord,
): string | undefined {
  const name = endpoint.envelope ?? context.defaultEnvelope
  return name === envelopes.standard.name ? undefined : name
}

/** The event's bytes in the endpoint's envelope, for a delivery that is added later; nothing for the canonical one. */
export function ownBody(
  context: Pick<FanOutContext, 'defaultEnvelope' | 'envelopes'>,
  endpoint: EndpointRecord,
  canonical: Uint8Array,
): { readonly envelope?: string; readonly body?: Uint8Array } {
  const envelope = envelopeName(context, endpoint)
  if (envelope === undefined) return {}
  return compact({
    envelope,
    body: layOut(context.envelopes.get(envelope), () => decodeBody(canonical)),
  })
}

function layOut(
  envelope: Envelope | undefined,
  decode: () => WebhookEvent,
): Uint8Array | undefined {
  try {
    return envelope && encoder.encode(encodeJson(envelope.encode(decode()), envelope.name))
  } catch {
    return undefined
  }
}

/** Reads back what `prepare` wrote. */
export function decodeBody(body: Uint8Array): WebhookEvent {
  const decoded = envelopes.standard.decode(JSON.parse(decoder.decode(body)))
  if (!decoded.ok)
    throw new WebhookError(
      'config',
      'A stored event cannot be read: its body is not the standard envelope.',
    )
  return decoded.event
}

function once<Value>(compute: () => Value): () => Value {
  let kept: { readonly value: Value } | undefined
  return () => {
    kept ??= { value: compute() }
    return kept.value
  }
}
