import { WebhookError } from '@posthorn/schema'
import { type Scheme, signHeaders } from '@posthorn/schema/signature'
import type { ClaimedDelivery } from '../model/delivery'
import type { EndpointRecord } from '../model/endpoint'
import type { AttemptRequest } from '../ports/transport'
import { openSecrets, type SecretBox } from '../secrets'

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

/** The request of one attempt, signed for `now` (the store's milliseconds) with every secret that is still valid. */
export async function buildRequest(
  context: RequestContext,
  delivery: Pick<ClaimedDelivery, 'endpoint' | 'messageId'>,
  body: Uint8Array,
  now: number,
): Promise<AttemptRequest> {
  const { endpoint } = delivery
  const { origin } = context.verification
  const message = { id: delivery.messageId, timestamp: Math.floor(now / 1000), body }
  const secrets = await openSecrets(context.secretBox, endpoint, now)
  const signed = await Promise.all(
    schemesOf(context, endpoint).map((scheme) => signHeaders(scheme, message, secrets)),
  )
  return {
    url: endpoint.url,
    headers: {
      ...endpoint.headers,
      'content-type': 'application/json',
      'user-agent': context.userAgent,
      ...(origin === undefined ? {} : { origin }),
      ...Object.assign({}, ...signed),
    },
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
