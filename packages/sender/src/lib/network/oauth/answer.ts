import type { AttemptOutcome } from '../../ports/transport'

/** What an attempt reports in place of its own answer when no token could be had. */
export type TokenFailure = Omit<Extract<AttemptOutcome, { kind: 'error' }>, 'kind' | 'durationMs'>

export type TokenAnswer =
  | { readonly ok: true; readonly token: string; readonly lifetimeMs: number }
  | { readonly ok: false; readonly failure: TokenFailure }

const unnamedLifetimeMs = 300_000
const longestLifetimeMs = 86_400_000
const largestMarginMs = 30_000

// Of RFC 6749, 5.2: a server's own words are never shown.
const refusals = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
])

/**
 * Reads what a token URL answered (RFC 6749, 5.1 and 5.2).
 *
 * A lifetime ends 30 s before the token does, or at half of it if that is later; zero means: use it once. A server that names none gets
 * five minutes, and no token is kept for more than a day.
 *
 * Every failure is the endpoint's, as its DNS and its certificate are: whoever registered it chose the token URL and the credentials. So
 * it is retried on the schedule, and counts towards the endpoint's health; only what is ours (the proxy, our resolver) does not.
 */
export function readTokenAnswer(outcome: AttemptOutcome): TokenAnswer {
  if (outcome.kind === 'error') return failed(unsent(outcome))
  if (outcome.status !== 200) return failed(refused(outcome))
  const fields = outcome.truncated ? undefined : parseObject(outcome.body)
  const token = fields?.access_token
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(token)) {
    return failed(invalid('The token URL’s answer holds no access token.'))
  }
  const type = fields?.token_type ?? 'bearer'
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    return failed(invalid('The token URL’s answer holds a token that is no bearer token.'))
  }
  return { ok: true, token, lifetimeMs: lifetimeOf(fields?.expires_in) }
}

/** Some servers write the number as a string. */
function lifetimeOf(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' && expiresIn !== '' ? Number(expiresIn) : expiresIn
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return unnamedLifetimeMs
  const ms = Math.min(Math.max(seconds, 0) * 1000, longestLifetimeMs)
  return ms - Math.min(largestMarginMs, ms / 2)
}

function unsent(outcome: Extract<AttemptOutcome, { kind: 'error' }>): TokenFailure {
  const { errorClass, code, message, detail, blame } = outcome
  return {
    errorClass,
    code: `token_${code.toLowerCase()}`,
    message: `No access token could be had. At the token URL: ${message}`,
    ...(detail === undefined ? {} : { detail }),
    ...(blame === undefined ? {} : { blame }),
  }
}

function refused({ status, body }: Extract<AttemptOutcome, { kind: 'response' }>): TokenFailure {
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    const reason = parseObject(body)?.error
    const known = typeof reason === 'string' && refusals.has(reason) ? ` (${reason})` : ''
    const message = `The token URL refused the client with status ${status}${known}: correct the endpoint’s authorization.`
    return { errorClass: 'protocol', code: 'token_refused', message }
  }
  const redirect = status >= 300 && status < 400 ? ', and redirects are not followed' : ''
  const message = `The token URL answered with status ${status}${redirect}.`
  return { errorClass: 'protocol', code: 'token_unavailable', message }
}

function invalid(message: string): TokenFailure {
  return { errorClass: 'protocol', code: 'token_invalid', message }
}

function failed(failure: TokenFailure): TokenAnswer {
  return { ok: false, failure }
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
