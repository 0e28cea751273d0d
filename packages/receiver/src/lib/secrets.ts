import { type Scheme, WebhookError } from '@posthorn/schema'
import type { Awaitable } from './ports/idempotency-store'
import type { HeaderLookup, Params } from './request'

const REMEMBERED_SECRETS = 1_000

/** A secret with a name for the logs, and the time after which it is no longer accepted. */
export interface NamedSecret {
  readonly id: string
  readonly secret: string
  /** A `Date`, or ISO 8601. */
  readonly notAfter?: Date | string
}

/** One secret, or all that are valid now: any of them may have signed. */
export type Secrets = string | readonly (string | NamedSecret)[]

/** What a provider may choose by. Nothing of it is verified yet. */
export interface SecretRequest {
  readonly headers: HeaderLookup
  readonly params: Params
}

/** Asked for each request, so it should cache. When it throws or answers none, the reply is 503 `secrets_unavailable`. */
export type SecretProvider = (request: SecretRequest) => Awaitable<Secrets>

interface ResolvedSecret {
  readonly secret: string
  /** Its place among all that were given. */
  readonly index: number
  readonly id: string | undefined
  /** Milliseconds since the epoch. */
  readonly notAfter: number
}

/** What a verification uses: `values` for the scheme, `named` at the same places. */
export interface SecretSet {
  readonly values: readonly string[]
  readonly named: readonly { readonly index: number; readonly id: string | undefined }[]
}

export type SecretLookup = (request: SecretRequest, now: number) => Awaitable<SecretSet>

/**
 * Secrets given as values are checked here and now; a provider's when it answers.
 *
 * @throws TypeError for a secret that none could use: empty, short, with blanks, not base64.
 */
export function secretLookup(
  source: Secrets | SecretProvider,
  schemes: readonly Scheme[],
): SecretLookup {
  const check = secretCheck(schemes)
  if (typeof source === 'function') {
    return async (request, now) => valid(resolveSecrets(await source(request), check), now)
  }
  const resolved = atConstruction(() => resolveSecrets(source, check))
  const all = setOf(resolved)
  const firstEnd = Math.min(...resolved.map(({ notAfter }) => notAfter))
  return (_request, now) => (now <= firstEnd ? all : valid(resolved, now))
}

type SecretCheck = (secret: string) => void

/** Throws for a secret that a scheme cannot use. What was found good is remembered, as providers answer for every request. */
function secretCheck(schemes: readonly Scheme[]): SecretCheck {
  const good = new Set<string>()
  return (secret) => {
    if (good.has(secret)) return
    if (secret.startsWith('whsk_')) {
      throw new WebhookError(
        'invalid_secret',
        'A whsk_ secret signs; verify with the whpk_ key of the pair.',
      )
    }
    for (const scheme of schemes) scheme.checkSecret(secret)
    if (good.size >= REMEMBERED_SECRETS) good.clear()
    good.add(secret)
  }
}

function valid(secrets: readonly ResolvedSecret[], now: number): SecretSet {
  const usable = secrets.filter((secret) => secret.notAfter >= now)
  if (usable.length === 0) {
    throw new WebhookError('secrets_unavailable', 'Every secret is past its notAfter; add one.')
  }
  return setOf(usable)
}

function setOf(secrets: readonly ResolvedSecret[]): SecretSet {
  return {
    values: secrets.map(({ secret }) => secret),
    named: secrets.map(({ index, id }) => ({ index, id })),
  }
}

function resolveSecrets(source: Secrets, check: SecretCheck): readonly ResolvedSecret[] {
  const list = typeof source === 'string' ? [source] : source
  if (!Array.isArray(list) || list.length === 0) {
    throw new WebhookError('secrets_unavailable', 'There is no secret to verify with; give one.')
  }
  return list.map((entry: unknown, index) => resolveSecret(entry, index, check))
}

function resolveSecret(entry: unknown, index: number, check: SecretCheck): ResolvedSecret {
  const named = typeof entry === 'string' ? { secret: entry } : entry
  if (!isNamed(named)) {
    throw new WebhookError(
      'invalid_secret',
      `Secret ${index} must be a string or { id, secret, notAfter? }.`,
    )
  }
  check(named.secret)
  return { secret: named.secret, index, id: named.id, notAfter: timeOf(named.notAfter, index) }
}

function isNamed(value: unknown): value is { secret: string; id?: string; notAfter?: unknown } {
  if (typeof value !== 'object' || value === null || !('secret' in value)) return false
  const id = 'id' in value ? value.id : undefined
  return typeof value.secret === 'string' && (id === undefined || typeof id === 'string')
}

function timeOf(value: unknown, index: number): number {
  if (value === undefined) return Infinity
  const time = value instanceof Date ? value.getTime() : parseIso(value)
  if (!Number.isNaN(time)) return time
  throw new WebhookError(
    'invalid_secret',
    `notAfter of secret ${index} must be a Date or ISO 8601, as '2026-01-31T12:00:00Z'.`,
  )
}

/** `Date.parse` alone takes far more: `'12'` is a date to it. */
function parseIso(value: unknown): number {
  const isIso = typeof value === 'string' && /^\d{4}-\d\d-\d\d(?:T|$)/.test(value)
  return isIso ? Date.parse(value) : Number.NaN
}

function atConstruction<Value>(resolve: () => Value): Value {
  try {
    return resolve()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'a secret cannot be used'
    throw new TypeError(`createReceiver: secrets: ${why}`, { cause })
  }
}
