import type { ClaimedDelivery } from '../model/delivery'
import type { AttemptRequest } from '../ports/transport'
import type { Credentials } from './credentials'

/** What the log may show of a request, and what it must not show of the answer. */
export interface Sent {
  /** Absent when the request was not sent. */
  readonly headers?: Readonly<Record<string, string>>
  /** The values that an answer may echo. */
  readonly secrets: readonly string[]
}

export const mask = '***'

const always = new Set(['content-type', 'user-agent', 'origin', 'traceparent', 'tracestate'])

export interface SentParts {
  readonly delivery: Pick<ClaimedDelivery, 'endpoint' | 'messageId'>
  readonly credentials: Credentials
  readonly signingSecrets: readonly string[]
  /** As it went out; absent when it did not. */
  readonly request: AttemptRequest | undefined
}

/**
 * Shows the owner's own headers, and what says which message it was; masks all else, so that what somebody adds later (a signature of another
 * scheme, a credential) is masked until it is told apart here.
 */
export function noteSent({ delivery, credentials, signingSecrets, request }: SentParts): Sent {
  const { headers: sealed = {} } = credentials
  const secrets = [...signingSecrets.map(withoutPrefix), ...Object.values(sealed)]
  if (request === undefined) return { secrets }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    const isSecret = Object.hasOwn(sealed, name) || name === 'authorization'
    const isKnown = Object.hasOwn(delivery.endpoint.headers, name) || always.has(name)
    const isShown = !isSecret && (isKnown || isNamed(value, delivery))
    headers[name] = isShown ? value : mask
    if (!isShown && (!isSecret || name === 'authorization')) secrets.push(...partsOf(name, value))
  }
  return { headers, secrets }
}

/** A message id or a time, in unix seconds. */
const isNamed = (value: string, { messageId }: Pick<ClaimedDelivery, 'messageId'>): boolean =>
  value === messageId || /^[1-9]\d{9}$/.test(value)

/** The base64 of `whsec_<base64>` is the secret, with or without its prefix. */
const withoutPrefix = (secret: string): string => secret.replace(/^wh[a-z]{2,3}_/, '')

/** `v1,<signature> v1,<signature>`, and what follows the scheme of an authorization. */
function partsOf(name: string, value: string): readonly string[] {
  if (name !== 'authorization') return value.split(' ')
  const [scheme = '', ...credentials] = value.split(' ')
  if (scheme.toLowerCase() !== 'basic') return credentials.length === 0 ? [value] : credentials
  const pair = Buffer.from(credentials.join(' '), 'base64').toString()
  return [...credentials, pair.slice(pair.indexOf(':') + 1)]
}
