import type { EndpointRecord, StoredTls } from '../model/endpoint'
import { basic } from '../network/oauth/request'
import type { WantedToken } from '../network/oauth/tokens'
import type { AttemptTls } from '../ports/transport'
import { type MaybePromise, ownerOf, type SecretBox } from '../secrets'

/** What a request authenticates itself with, opened. It goes to the transport and nowhere else: no record, no log. */
export interface Credentials {
  readonly authorization?: string
  /** Where the authorization has to be fetched first. */
  readonly token?: WantedToken
  readonly tls?: AttemptTls
  /** Header values that their owner marked as sensitive. */
  readonly headers?: Readonly<Record<string, string>>
}

const none: Credentials = {}

/** Rejects with what the box throws. */
export function openCredentials(
  box: SecretBox,
  endpoint: EndpointRecord,
): MaybePromise<Credentials> {
  const { authorization, tls, sealedHeaders } = endpoint
  const isNone = authorization === undefined && tls === undefined && sealedHeaders === undefined
  return isNone ? none : open(box, endpoint)
}

async function open(box: SecretBox, endpoint: EndpointRecord): Promise<Credentials> {
  const { tls, sealedHeaders } = endpoint
  return {
    ...(await openAuthorization(box, endpoint)),
    ...(sealedHeaders === undefined
      ? {}
      : { headers: await openHeaders(box, endpoint, sealedHeaders) }),
    ...(tls === undefined ? {} : { tls: await openTls(box, endpoint, tls) }),
  }
}

async function openAuthorization(
  box: SecretBox,
  endpoint: EndpointRecord,
): Promise<Omit<Credentials, 'tls'>> {
  const { authorization } = endpoint
  const owner = ownerOf(endpoint)
  switch (authorization?.kind) {
    case 'bearer':
      return { authorization: `Bearer ${await box.open(authorization.token, owner)}` }
    case 'basic': {
      const { username, password } = authorization
      return { authorization: basic(username, await box.open(password, owner)) }
    }
    case 'oauth2': {
      const { kind: _kind, clientSecret, ...grant } = authorization
      const key = JSON.stringify([owner.tenantId, owner.endpointId, authorization])
      return { token: { ...grant, key, clientSecret: () => box.open(clientSecret, owner) } }
    }
    default:
      return none
  }
}

async function openHeaders(
  box: SecretBox,
  endpoint: EndpointRecord,
  sealed: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const owner = ownerOf(endpoint)
  const entries = Object.entries(sealed).map(
    async ([name, value]) => [name, await box.open(value, owner)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

async function openTls(
  box: SecretBox,
  endpoint: EndpointRecord,
  { key, ...rest }: StoredTls,
): Promise<AttemptTls> {
  return key === undefined ? rest : { ...rest, key: await box.open(key, ownerOf(endpoint)) }
}
