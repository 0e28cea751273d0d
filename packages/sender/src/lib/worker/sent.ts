import type { ClaimedDelivery } from '../model/delivery'
import type { AttemptRequest } from '../ports/transport'
import type { Credentials } from './credentials'

/** What the log may show of a request, and what it must not show of the answer. */
export interface Sent {
  /** Absent when the request was not sent. */
  readonly headers?: Readonly<Record<string, string>>
  /** The values that an answer may echo. Computed when asked for: most answers are shorter than any. */
  readonly secrets: () => readonly string[]
}

export const mask = '***'

const always = new Set(['content-type', 'user-agent', 'origin', 'traceparent', 'tracestate'])

/** What a request was secured with. */
export interface Opened {
  readonly credentials: Credentials
  readonly signingSecrets: readonly string[]
}

type Subject = Pick<ClaimedDelivery, 'endpoint' | 'messageId'>

/**
 * Shows the owner's own headers, and what says which message it was; masks all else, so that what somebody adds later (a signature of another
 * scheme, a credential) is masked until it is told apart here. `request` is as it went out, undefined when it did not.
 */
export function noteSent(
  delivery: Subject,
  opened: Opened,
  request: AttemptRequest | undefined,
): Sent {
  const { headers: sealed = {} } = opened.credentials
  const secrets = () => secretsOf(delivery, opened, request)
  if (request === undefined) return { secrets }
  const headers: Record<string, string> = {}
  for (const name of Object.keys(request.headers)) {
    const value = request.headers[name] ?? ''
    headers[name] = isShown(name, value, delivery, sealed) ? value : mask
  }
  return { headers, secrets }
}

function secretsOf(
  delivery: Subject,
  { credentials, signingSecrets }: Opened,
  request: AttemptRequest | undefined,
): readonly string[] {
  const { headers: sealed = {} } = credentials
  const secrets = [...signingSecrets.map(withoutPrefix), ...Object.values(sealed)]
  for (const [name, value] of Object.entries(request?.headers ?? {})) {
    const isListed = Object.hasOwn(sealed, name) && name !== 'authorization'
    if (!isListed && !isShown(name, value, delivery, sealed)) secrets.push(...partsOf(name, value))
  }
  return secrets
}

function isShown(
  name: string,
  value: string,
  delivery: Subject,
  sealed: Readonly<Record<string, string>>,
): boolean {
  if (name === 'authorization' || Object.hasOwn(sealed, name)) return false
  return (
    always.has(name) || isNamed(value, delivery) || Object.hasOwn(delivery.endpoint.headers, name)
  )
}

/** A message id or a time, in unix seconds. */
const isNamed = (value: string, { messageId }: Subject): boolean =>
  value === messageId || (value.length === 10 && /^[1-9]\d{9}$/.test(value))

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
