import { WebhookError } from '@posthorn/schema'
import { type Scheme, signHeaders } from '@posthorn/schema/signature'
import type { ClaimedDelivery } from '../model/delivery'
import type { EndpointRecord } from '../model/endpoint'
import type { AttemptRequest } from '../ports/transport'
import type { SecretBox } from '../secrets'
import type { Carrier } from '../telemetry/trace-context'

export interface RequestContext {
  readonly schemes: ReadonlyMap<string, Scheme>
  readonly defaultSchemes: readonly string[]
  readonly secretBox: SecretBox
  readonly userAgent: string
  /** CloudEvents wants each delivery to say on whose behalf it was allowed. */
  readonly verification: { readonly origin?: string }
  readonly timeoutMs: number
  readonly captureBytes: number
}

/** What makes one request of a message differ from its next. */
export interface Signing {
  /** The store's milliseconds. */
  readonly now: number
  /** Opened; every one signs. */
  readonly secrets: readonly string[]
  /** The trace that it is part of. */
  readonly carrier?: Carrier | undefined
}

/** The request of one attempt. */
export async function buildRequest(
  context: RequestContext,
  delivery: Pick<ClaimedDelivery, 'endpoint' | 'messageId'>,
  body: Uint8Array,
  { now, secrets, carrier }: Signing,
): Promise<AttemptRequest> {
  const { endpoint } = delivery
  const { origin } = context.verification
  const message = { id: delivery.messageId, timestamp: Math.floor(now / 1000), body }
  // One object, written once: this is made for every attempt.
  const headers: Record<string, string> = { ...endpoint.headers }
  headers['content-type'] = 'application/json'
  headers['user-agent'] = context.userAgent
  if (origin !== undefined) headers.origin = origin
  for (const scheme of schemesOf(context, endpoint))
    Object.assign(headers, await signHeaders(scheme, message, secrets))
  if (carrier !== undefined) Object.assign(headers, carrier)
  return {
    url: endpoint.url,
    headers,
    body,
    timeoutMs: endpoint.timeoutMs ?? context.timeoutMs,
    captureBytes: context.captureBytes,
  }
}

function schemesOf(context: RequestContext, endpoint: EndpointRecord): readonly Scheme[] {
  return (endpoint.schemes ?? context.defaultSchemes).map((name) => {
    const scheme = context.schemes.get(name)
    if (scheme !== undefined) return scheme
    throw new WebhookError(
      'config',
      `Scheme "${name}" is not registered: give it in signing.available.`,
    )
  })
}
