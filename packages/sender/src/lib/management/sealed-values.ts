import type { EndpointRecord, StoredAuthorization } from '../model/endpoint'
import type { MaybePromise } from '../secrets'

type Reseal = (sealed: string) => MaybePromise<string>

/** An endpoint's sealed values: signing secrets, headers, authorisation, TLS key. */
export function sealedValues(endpoint: EndpointRecord): readonly string[] {
  const { secrets, sealedHeaders = {}, authorization, tls } = endpoint
  return [
    ...secrets.map(({ value }) => value),
    ...Object.values(sealedHeaders),
    ...(authorization === undefined ? [] : [credentialOf(authorization)]),
    ...(tls?.key === undefined ? [] : [tls.key]),
  ]
}

/** The endpoint with each of its sealed values sealed anew. */
export async function resealed(endpoint: EndpointRecord, reseal: Reseal): Promise<EndpointRecord> {
  const { secrets, sealedHeaders, authorization, tls, ...rest } = endpoint
  const key = tls?.key
  return {
    ...rest,
    secrets: await Promise.all(
      secrets.map(async (secret) => ({ ...secret, value: await reseal(secret.value) })),
    ),
    ...(sealedHeaders && { sealedHeaders: await resealedHeaders(sealedHeaders, reseal) }),
    ...(authorization && { authorization: await resealedCredential(authorization, reseal) }),
    ...(tls && { tls: key === undefined ? tls : { ...tls, key: await reseal(key) } }),
  }
}

async function resealedHeaders(headers: Readonly<Record<string, string>>, reseal: Reseal) {
  const entries = Object.entries(headers).map(
    async ([name, value]) => [name, await reseal(value)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

function credentialOf(authorization: StoredAuthorization): string {
  switch (authorization.kind) {
    case 'bearer':
      return authorization.token
    case 'basic':
      return authorization.password
    case 'oauth2':
      return authorization.clientSecret
  }
}

async function resealedCredential(
  authorization: StoredAuthorization,
  reseal: Reseal,
): Promise<StoredAuthorization> {
  const value = await reseal(credentialOf(authorization))
  switch (authorization.kind) {
    case 'bearer':
      return { ...authorization, token: value }
    case 'basic':
      return { ...authorization, password: value }
    case 'oauth2':
      return { ...authorization, clientSecret: value }
  }
}
