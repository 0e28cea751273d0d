import { WebhookError } from '@posthorn/schema'
import { checkFields, isPlainObject, refusal } from '../checks'
import { compact } from '../compact'
import type { EndpointRecord, StoredAuthorization, StoredTls } from '../model/endpoint'
import { checkUrl, type NetworkPolicy } from '../network/index'
import { checkTlsSettings, leafOf } from '../network/tls-settings'
import type { SecretBox, SecretOwner } from '../secrets'

/** How an endpoint's requests authenticate themselves. What is secret in it is write-only. */
export type EndpointAuthorization =
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | {
      /**
       * OAuth 2.0 client credentials (RFC 6749, 4.4). The token is fetched from `tokenUrl` under the same network policy as every
       * delivery, kept while it is valid, and fetched anew after a 401.
       */
      readonly type: 'oauth2'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      /** One or more, separated by spaces. */
      readonly scope?: string
      readonly audience?: string
    }

/** An endpoint's authorization as its owner sees it. */
export type AuthorizationView =
  | { readonly type: 'bearer' }
  | { readonly type: 'basic'; readonly username: string }
  | {
      readonly type: 'oauth2'
      readonly tokenUrl: string
      readonly clientId: string
      readonly scope?: string
      readonly audience?: string
    }

/** An endpoint's TLS settings as its owner sees them. */
export interface TlsView {
  readonly ca?: true
  /** Whose the client certificate is, and when it ends. */
  readonly certificate?: { readonly subject: string; readonly expiresAt: Date }
  readonly key?: true
}

const invalid = refusal('invalid_endpoint')

// RFC 6749, appendix A: VSCHAR and NQCHAR; RFC 7617 bars control characters, and a colon from the user name.
const visible = /^[\x20-\x7e]{1,2048}$/
const patterns = {
  token: [/^[\x21-\x7e]{1,4096}$/, 'must be 1 to 4,096 visible ASCII characters'],
  username: [/^[^\p{C}:]{1,255}$/u, 'must be 1 to 255 characters without a colon'],
  password: [/^\P{C}{0,1024}$/u, 'must be at most 1,024 characters without control characters'],
  clientId: [visible, 'must be 1 to 2,048 ASCII characters'],
  clientSecret: [visible, 'must be 1 to 2,048 ASCII characters'],
  scope: [
    /^(?=.{1,2048}$)[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
    'must be scopes separated by single spaces',
  ],
  audience: [visible, 'must be 1 to 2,048 ASCII characters'],
} as const

/** The settings in the form of the record, their secrets still to be sealed. */
export function checkAuthorization(value: unknown, policy: NetworkPolicy): StoredAuthorization {
  if (!isPlainObject(value)) throw invalid('authorization', 'must be an object')
  const field = (name: keyof typeof patterns) => checkText(value[name], name)
  const optional = (name: keyof typeof patterns) =>
    value[name] === undefined ? undefined : field(name)
  switch (value.type) {
    case 'bearer':
      checkFields('authorization', value, ['type', 'token'], invalid)
      return { kind: 'bearer', token: field('token') }
    case 'basic':
      checkFields('authorization', value, ['type', 'username', 'password'], invalid)
      return { kind: 'basic', username: field('username'), password: field('password') }
    case 'oauth2': {
      const known = ['type', 'tokenUrl', 'clientId', 'clientSecret', 'scope', 'audience']
      checkFields('authorization', value, known, invalid)
      return {
        kind: 'oauth2',
        tokenUrl: checkTokenUrl(value.tokenUrl, policy),
        clientId: field('clientId'),
        clientSecret: field('clientSecret'),
        ...compact({ scope: optional('scope'), audience: optional('audience') }),
      }
    }
    default:
      throw invalid('authorization.type', "must be 'bearer', 'basic' or 'oauth2'")
  }
}

export function checkTls(value: unknown): StoredTls {
  if (!isPlainObject(value)) throw invalid('tls', 'must be an object')
  checkFields('tls', value, ['ca', 'certificate', 'key'], invalid)
  const pem = (name: string): string | undefined => {
    const text = value[name]
    if (text === undefined || typeof text === 'string') return text
    throw invalid(`tls.${name}`, 'must be PEM text')
  }
  const tls = compact({ ca: pem('ca'), certificate: pem('certificate'), key: pem('key') })
  const fault = checkTlsSettings(tls)
  if (fault !== undefined) throw invalid(`tls.${fault.field}`, fault.rule)
  return tls
}

/** Two authorizations would contradict each other, and one of them would go out unseen. */
export function checkOneAuthorization({
  authorization,
  headers,
  sealedHeaders,
}: Pick<EndpointRecord, 'authorization' | 'headers' | 'sealedHeaders'>): void {
  if (authorization === undefined) return
  const names = [...Object.keys(headers), ...Object.keys(sealedHeaders ?? {})]
  if (names.includes('authorization'))
    throw invalid('authorization', 'and a header of that name cannot both be given')
}

interface Unsealed {
  readonly authorization?: StoredAuthorization | undefined
  readonly tls?: StoredTls | undefined
}

/** Seals what is secret in checked settings. */
export async function sealCredentials(
  box: SecretBox,
  owner: SecretOwner,
  { authorization, tls }: Unsealed,
): Promise<Pick<EndpointRecord, 'authorization' | 'tls'>> {
  return compact({
    authorization:
      authorization === undefined ? undefined : await sealAuthorization(box, owner, authorization),
    tls: tls?.key === undefined ? tls : { ...tls, key: await box.seal(tls.key, owner) },
  })
}

async function sealAuthorization(
  box: SecretBox,
  owner: SecretOwner,
  authorization: StoredAuthorization,
): Promise<StoredAuthorization> {
  switch (authorization.kind) {
    case 'bearer':
      return { ...authorization, token: await box.seal(authorization.token, owner) }
    case 'basic':
      return { ...authorization, password: await box.seal(authorization.password, owner) }
    case 'oauth2':
      return { ...authorization, clientSecret: await box.seal(authorization.clientSecret, owner) }
  }
}

export function viewAuthorization(stored: StoredAuthorization): AuthorizationView {
  switch (stored.kind) {
    case 'bearer':
      return { type: 'bearer' }
    case 'basic':
      return { type: 'basic', username: stored.username }
    case 'oauth2': {
      const { kind, clientSecret: _clientSecret, ...grant } = stored
      return { type: kind, ...grant }
    }
  }
}

export function viewTls({ ca, certificate, key }: StoredTls): TlsView {
  const leaf = certificate === undefined ? undefined : leafOf(certificate)
  return {
    ...(ca === undefined ? {} : { ca: true }),
    ...(leaf === undefined
      ? {}
      : { certificate: { subject: leaf.subject, expiresAt: new Date(leaf.validTo) } }),
    ...(key === undefined ? {} : { key: true }),
  }
}

function checkText(value: unknown, name: keyof typeof patterns): string {
  const [pattern, rule] = patterns[name]
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalid(`authorization.${name}`, rule)
}

function checkTokenUrl(value: unknown, policy: NetworkPolicy): string {
  const text = typeof value === 'string' && value.length <= 2048 ? value : ''
  const verdict = checkUrl(text, policy)
  if (verdict.allowed) return text
  throw new WebhookError(verdict.code, `\`authorization.tokenUrl\`: ${verdict.message}`)
}
