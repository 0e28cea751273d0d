import { type Duration, WebhookError } from '@posthorn/schema'
import type { Scheme } from '@posthorn/schema/signature'
import { checkFields, isStorable, refusal } from '../checks'
import type { VerificationMethod } from '../model/consent'
import type { EndpointRecord, OrderPolicy } from '../model/endpoint'
import { checkFilter, type Filter } from '../model/filter'
import { checkEventTypes } from '../model/patterns'
import { checkEndpointRetryRule, type RetryPolicy, type RetryRule } from '../model/retry-schedule'
import { checkUrl } from '../network/index'
import type { AttemptTls } from '../ports/transport'
import type { ResolvedOptions } from '../resolve-options'
import { checkMetadata } from '../sending/prepare'
import { checkAuthorization, checkTls, type EndpointAuthorization } from './endpoint-credentials'
import { type CheckedHeaders, checkHeaders, type HeaderInput } from './endpoint-headers'
import { checkOrdered, checkRateLimit, duration, type EndpointRateLimit } from './endpoint-terms'

/** What an endpoint is made of. Only `url` is required. */
export interface EndpointInput {
  /** Where to POST. https, and a public address, unless the sender's `network` says otherwise. */
  readonly url: string
  /** Patterns of event types; `*` stands for one or more segments. Default `['*']`. */
  readonly eventTypes?: readonly string[]
  readonly name?: string
  readonly description?: string
  /** A condition over the event's data. */
  readonly filter?: Filter
  /** `false` creates it disabled. Default true. */
  readonly enabled?: boolean
  /** Creates it disabled (`unverified`) and asks it for its consent at once; enabled when it gives it. */
  readonly verify?: VerificationMethod
  /**
   * Sent with each request; none that HTTP, signing or proxies own. A value marked as sensitive is write-only, encrypted at rest and
   * shown nowhere; `authorization` always is.
   */
  readonly headers?: Readonly<Record<string, HeaderInput>>
  /** Where its retries differ from the sender's: at most 100 attempts, and from the second retry on at least 1 s between them. */
  readonly retry?: RetryRule
  readonly timeout?: Duration
  /** How many requests it gets, at the most. Default: as many as fall due. */
  readonly rateLimit?: EndpointRateLimit
  /**
   * Events of one `orderingKey` are delivered one at a time, in the order they were recorded. When one fails for good, `proceed` goes on with
   * the next of its key; `block` keeps them waiting until a replay of it succeeds, or it is canceled. Default: in no order.
   */
  readonly ordered?: OrderPolicy
  /** How its requests authenticate themselves, beside the signature. */
  readonly authorization?: EndpointAuthorization
  /** An authority of its own, and a client certificate. */
  readonly tls?: AttemptTls
  readonly envelope?: string
  readonly schemes?: readonly string[]
  /** Its first secret. Default: a new one, returned once. */
  readonly secret?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** Changes; `null` takes an optional setting away. */
export type EndpointChanges = {
  readonly [Key in Exclude<keyof EndpointInput, 'secret' | 'enabled' | 'verify'>]?:
    | EndpointInput[Key]
    | (Key extends 'url' | 'eventTypes' ? never : null)
}

/** The settings of a record, checked. */
export type EndpointSettings = Pick<
  EndpointRecord,
  | 'url'
  | 'name'
  | 'description'
  | 'eventTypes'
  | 'filter'
  | 'headers'
  | 'sealedHeaders'
  | 'retry'
  | 'timeoutMs'
  | 'rateLimit'
  | 'ordered'
  | 'authorization'
  | 'tls'
  | 'envelope'
  | 'schemes'
  | 'metadata'
>

/** An undefined that is there takes the setting away. */
export type SettingsPatch = {
  readonly [Key in keyof EndpointSettings]?: EndpointSettings[Key] | undefined
} & Partial<Pick<CheckedHeaders, 'sensitiveHeaders'>>

const invalid = refusal('invalid_endpoint')

const settingNames = [
  'url',
  'eventTypes',
  'name',
  'description',
  'filter',
  'headers',
  'retry',
  'timeout',
  'rateLimit',
  'ordered',
  'authorization',
  'tls',
  'envelope',
  'schemes',
  'metadata',
]

/** Checks what a caller gave, and answers only that. Every mistake is a `WebhookError` that names the field. */
export function checkSettings(
  options: ResolvedOptions,
  input: EndpointChanges,
  further: readonly string[] = [],
): SettingsPatch {
  checkFields('an endpoint', input, [...settingNames, ...further], invalid)
  const {
    url,
    eventTypes,
    name,
    description,
    filter,
    headers,
    retry,
    timeout,
    rateLimit,
    ordered,
    authorization,
    tls,
    envelope,
    schemes,
    metadata,
  } = input
  return {
    ...(url === undefined ? {} : { url: checkEndpointUrl(options, url) }),
    ...(eventTypes === undefined ? {} : { eventTypes: checkEventTypes(eventTypes) }),
    ...given('name', name, (value) => checkText(value, 'name', 200)),
    ...given('description', description, (value) => checkText(value, 'description', 2000)),
    ...given('filter', filter, checkFilter),
    ...(headers === undefined ? {} : checkHeaders(headers ?? {}, options.signing.schemes)),
    ...given('retry', retry, checkRetry),
    ...given('timeoutMs', timeout, (value) => checkTimeout(options, value)),
    ...given('rateLimit', rateLimit, checkRateLimit),
    ...given('ordered', ordered, checkOrdered),
    ...given('authorization', authorization, (value) => checkAuthorization(value, options.network)),
    ...given('tls', tls, checkTls),
    ...given('envelope', envelope, (value) => checkEnvelope(options, value)),
    ...given('schemes', schemes, (value) => checkSchemes(options, value)),
    ...given('metadata', metadata, (value) => checkMetadata(value, invalid)),
  }
}

/** Absent stays absent; `null` becomes an explicit undefined, which takes the setting away. */
function given<Key extends keyof EndpointSettings, Value>(
  key: Key,
  value: Value | null | undefined,
  check: (value: Value) => EndpointSettings[Key],
): SettingsPatch {
  if (value === undefined) return {}
  return { [key]: value === null ? undefined : check(value) }
}

function checkEndpointUrl(options: ResolvedOptions, url: unknown): string {
  const text = typeof url === 'string' ? url : ''
  if (text.length > 2048)
    throw new WebhookError('invalid_url', 'The URL has more than 2,048 characters.')
  const verdict = checkUrl(text, options.network)
  if (verdict.allowed) return text
  throw new WebhookError(verdict.code, verdict.message)
}

export function checkEnabled(value: unknown = true): boolean {
  if (typeof value === 'boolean') return value
  throw invalid('enabled', 'must be true or false')
}

function checkText(value: unknown, field: string, most: number): string {
  if (typeof value === 'string' && value.length <= most && isStorable(value)) return value
  throw invalid(field, `must be a string of at most ${most} characters, without NUL`)
}

function checkTimeout(options: ResolvedOptions, value: Duration): number {
  const ms = duration(value, 'timeout')
  if (ms > 0 && ms * 2 <= options.worker.leaseMs) return ms
  throw invalid(
    'timeout',
    `must be above 0 and at most half of the worker's lease (${options.worker.leaseMs / 2} ms)`,
  )
}

function checkRetry(rule: RetryRule): Partial<RetryPolicy> {
  try {
    return checkEndpointRetryRule(rule)
  } catch (error) {
    throw invalid(
      'retry',
      `is not a rule: ${error instanceof TypeError ? error.message : 'see its type'}`,
    )
  }
}

function checkEnvelope(options: ResolvedOptions, name: string): string {
  if (options.signing.envelopes.has(name)) return name
  throw invalid('envelope', `must be one of ${[...options.signing.envelopes.keys()].join(', ')}`)
}

function checkSchemes(options: ResolvedOptions, names: readonly string[]): readonly string[] {
  const known = options.signing.schemes
  if (Array.isArray(names) && names.length > 0 && names.every((name) => known.has(name)))
    return [...new Set(names)]
  throw invalid('schemes', `must name at least one of ${[...known.keys()].join(', ')}`)
}

/** The schemes that will sign for an endpoint. */
export function schemesFor(
  options: ResolvedOptions,
  names: readonly string[] | undefined,
): readonly Scheme[] {
  return (names ?? options.signing.defaultSchemes).flatMap(
    (name) => options.signing.schemes.get(name) ?? [],
  )
}
