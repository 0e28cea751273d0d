import { isEventType, WebhookError } from '@posthorn/schema'
import { classifyOutcome } from '../model/attempt'
import type { ClaimedDelivery } from '../model/delivery'
import type { EndpointRecord } from '../model/endpoint'
import { hostOf, portOf } from '../network/url-parts'
import type { AttemptOutcome } from '../ports/transport'
import type { PreparedEvent } from '../sending/prepare'
import type { Attributes, AttributeValue } from './api'

/*
 * Names by the semantic conventions 1.37 for messaging and HTTP (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/,
 * …/http/http-spans/); what they have no name for begins with `posthorn.`. Not followed in one place: `url.full` is left out, as the path
 * and query of a tenant's URL often are a credential.
 */

export const kinds = { client: 2, producer: 3 } as const
export const failed = { code: 2 } as const

const system = { 'messaging.system': 'posthorn' } as const

/** `send run.completed`: the type is the destination that the event is published to. */
export function spanName(operation: string, type: unknown): string {
  return isType(type) ? `${operation} ${type}` : operation
}

export function sendAttributes(
  operation: 'send' | 'create',
  tenantId: string,
  type: unknown,
): Attributes {
  return {
    ...system,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    ...(isType(type) ? { 'messaging.destination.name': type } : {}),
    'posthorn.tenant.id': tenantId,
  }
}

export function batchAttributes(tenantId: string, events: number): Attributes {
  return { ...sendAttributes('send', tenantId, undefined), 'messaging.batch.message_count': events }
}

export function preparedAttributes({ id, body }: PreparedEvent): Attributes {
  return { 'messaging.message.id': id, 'messaging.message.body.size': body.byteLength }
}

export function attemptAttributes(delivery: ClaimedDelivery): Attributes {
  const { lease, endpoint, progress } = delivery
  const attributes: Record<string, AttributeValue> = {
    ...endpointAttributes(endpoint),
    'messaging.destination.name': delivery.eventType,
    'messaging.message.id': delivery.messageId,
    'posthorn.delivery.id': lease.deliveryId,
    'posthorn.event.id': delivery.eventId,
  }
  if (progress.attempt > 1) attributes['http.request.resend_count'] = progress.attempt - 1
  return attributes
}

const ofEndpoints = new WeakMap<EndpointRecord, Attributes>()

/** Made once for each record of an endpoint: reading a URL takes longer than all the rest of a span's attributes. */
function endpointAttributes(endpoint: EndpointRecord): Attributes {
  const known = ofEndpoints.get(endpoint)
  if (known !== undefined) return known
  const attributes = {
    ...system,
    'messaging.operation.name': 'deliver',
    'messaging.operation.type': 'send',
    'http.request.method': 'POST',
    ...serverOf(endpoint.url),
    'posthorn.tenant.id': endpoint.tenantId,
    'posthorn.endpoint.id': endpoint.id,
  }
  ofEndpoints.set(endpoint, attributes)
  return attributes
}

export function outcomeAttributes(outcome: AttemptOutcome): Attributes {
  const verdict = classifyOutcome(outcome)
  if (outcome.kind === 'error')
    return {
      'posthorn.attempt.outcome': verdict,
      'error.type': verdict,
      'posthorn.error.code': outcome.code,
    }
  const { status } = outcome
  return {
    'posthorn.attempt.outcome': verdict,
    'http.response.status_code': status,
    ...(verdict === 'success' ? {} : { 'error.type': verdict === 'http' ? `${status}` : verdict }),
  }
}

/** Never the text of an error, which may quote what was sent. */
export function errorAttributes(error: unknown): Attributes {
  if (WebhookError.is(error)) return { 'error.type': error.code }
  return { 'error.type': error instanceof Error ? error.name : '_OTHER' }
}

/** No user, path or query: they may be credentials. */
function serverOf(text: string): Attributes {
  if (!URL.canParse(text)) return {}
  const url = new URL(text)
  return {
    'server.address': hostOf(url),
    'server.port': portOf(url),
    'url.scheme': url.protocol.slice(0, -1),
  }
}

function isType(type: unknown): type is string {
  return typeof type === 'string' && isEventType(type)
}
