import type { AttemptOutcome } from '../ports/transport'
import type { AttemptClass, AttemptRecord } from './delivery'

type ResponseOutcome = Extract<AttemptOutcome, { kind: 'response' }>

/** What the log knows of an attempt beside its outcome. */
export interface AttemptMeta {
  /** The claim it was made under. */
  readonly number: number
  /** In the store's milliseconds. */
  readonly startedAt: number
  /** Where the request went: what a relative `Location` is read against. Without it, only a complete one is shown. */
  readonly url?: string | undefined
  /** The `Retry-After` that settling honours, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** As they may be shown; undefined when nothing was sent. */
  readonly requestHeaders?: AttemptRecord['requestHeaders'] | undefined
}

const longestMessage = 512
const longestCode = 64
const longestHeader = 512
const mostHeaders = 24
const keptHeaders = new Set(['content-type', 'content-length', 'retry-after', 'date', 'server'])

/** The verdict on an outcome. A final status outside 200–599 is no answer in HTTP. */
export function classifyOutcome(outcome: AttemptOutcome): AttemptClass {
  if (outcome.kind === 'error') return outcome.errorClass
  const { status } = outcome
  if (status >= 200 && status <= 299) return 'success'
  return status >= 300 && status <= 599 ? 'http' : 'protocol'
}

type Draft = { -readonly [Field in keyof AttemptRecord]: AttemptRecord[Field] }

/** What the log keeps of an attempt: bounded, and safe to show to the endpoint's owner. */
export function describeAttempt(outcome: AttemptOutcome, meta: AttemptMeta): AttemptRecord {
  const record: Draft = {
    number: meta.number,
    startedAt: meta.startedAt,
    durationMs: outcome.durationMs,
    outcome: classifyOutcome(outcome),
  }
  if (meta.requestHeaders !== undefined) record.requestHeaders = meta.requestHeaders
  if (outcome.freshSocket === true) record.freshSocket = true
  if (outcome.kind === 'response') describeResponse(record, outcome, meta)
  else record.error = failure(outcome.code, outcome.message)
  return record
}

function describeResponse(record: Draft, response: ResponseOutcome, meta: AttemptMeta): void {
  const error = describeFailure(response, meta)
  if (record.outcome !== 'protocol') record.status = response.status
  record.responseHeaders = keepHeaders(response.headers, meta.url)
  if (response.body.byteLength > 0) record.responseBody = response.body
  if (response.truncated) record.responseTruncated = true
  if (error !== undefined) record.error = error
  if (response.headers['webhook-duplicate'] === 'true') record.duplicate = true
}

function describeFailure(response: ResponseOutcome, meta: AttemptMeta): AttemptRecord['error'] {
  const { status, bodyError } = response
  switch (classifyOutcome(response)) {
    case 'success':
      return bodyError === undefined
        ? undefined
        : failure(
            'body_incomplete',
            `The response body broke off (${bodyError}). The status counts.`,
          )
    case 'protocol':
      return failure(
        'invalid_status',
        `The endpoint answered ${status}, which is not a final HTTP status.`,
      )
    default:
      return failure(`http_${status}`, describeStatus(response, meta))
  }
}

function describeStatus({ status, headers }: ResponseOutcome, meta: AttemptMeta): string {
  const answered = `The endpoint answered ${status}`
  if (status === 410) return `${answered}: it is gone and wants no more deliveries.`
  if (status >= 400) {
    return meta.retryAfterMs === undefined
      ? `${answered}.`
      : `${answered} and asked to wait ${Math.ceil(meta.retryAfterMs / 1000)} s.`
  }
  const target = safeLocation(headers.location, meta.url)
  const pointing = target === undefined ? '' : `, pointing to ${target}`
  return `${answered}${pointing}. Redirects are not followed: update the endpoint URL.`
}

/** An allow-list: a response may carry cookies, and whatever else its host did not mean for a log. */
function keepHeaders(
  headers: Readonly<Record<string, string>>,
  url: string | undefined,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {}
  let count = 0
  for (const name of Object.keys(headers)) {
    if (count === mostHeaders) break
    const value = keepHeader(name, headers[name] ?? '', url)
    if (value === undefined) continue
    kept[name] = value
    count += 1
  }
  return kept
}

function keepHeader(name: string, value: string, url: string | undefined): string | undefined {
  if (name === 'location') return safeLocation(value, url)
  const isKept = keptHeaders.has(name) || /^webhook-[a-z0-9-]{1,56}$/.test(name)
  return isKept ? printable(value, longestHeader) : undefined
}

/** Origin and path of where a response points: user info, query and fragment may hold credentials. */
function safeLocation(location: string | undefined, url: string | undefined): string | undefined {
  if (location === undefined || !URL.canParse(location, url)) return undefined
  const target = new URL(location, url)
  const isWeb = target.protocol === 'https:' || target.protocol === 'http:'
  return isWeb ? printable(`${target.origin}${target.pathname}`, longestHeader) : undefined
}

function failure(
  code: string,
  message: string,
): { readonly code: string; readonly message: string } {
  return { code: printable(code, longestCode), message: printable(message, longestMessage) }
}

/** Control characters would upset terminals, and NUL some databases. */
function printable(text: string, longest: number): string {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean
}
