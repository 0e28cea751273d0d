import { WebhookError } from '@posthorn/schema'
import { checkFields } from '../checks'
import {
  type Consent,
  judgeChallenge,
  judgeHandshake,
  type VerificationMethod,
} from '../model/consent'
import type { EndpointRecord } from '../model/endpoint'
import { newId } from '../model/ids'
import { randomBytes } from '../random-bytes'
import { ownBody } from '../sending/fan-out'
import { prepare } from '../sending/prepare'
import { invalid, oneOf } from './arguments'
import type { TenantContext } from './context'
import { highestLimit } from './endpoint-terms'
import { activated, change, getRecord } from './endpoint-writes'
import { type Endpoint, viewEndpoint } from './views'

/** How an endpoint is asked for its consent. */
export interface VerifyOptions {
  /** Default: what the host requires, else `'options'` where `verification.origin` is set, else `'challenge'`. */
  readonly method?: VerificationMethod
}

/**
 * Whether an endpoint consented to deliveries. Without consent, `code` is `no_consent`, `http_<status>`, that of a failed request such as
 * `ECONNREFUSED`, `in_progress` while it is being asked already, or `endpoint_changed` when its URL changed meanwhile.
 */
export type Verification =
  | {
      readonly verified: true
      readonly method: VerificationMethod
      readonly endpoint: Endpoint
      /** Requests per minute that the endpoint allows; it is the endpoint's `rateLimit` from now on, unless that is lower. */
      readonly allowedRate?: number
    }
  | {
      readonly verified: false
      readonly method: VerificationMethod
      readonly endpoint: Endpoint
      readonly code: string
      readonly message: string
      /** HTTP status, where an answer came. */
      readonly status?: number
    }

/** The event type of a challenge: its data is `{ challenge }`. */
export const verificationEventType = 'endpoint.verification'

const methods = ['options', 'challenge'] satisfies VerificationMethod[]
const minuteMs = 60_000
const nothing = new Uint8Array()

export async function verify(
  context: TenantContext,
  id: string,
  options: VerifyOptions,
): Promise<Verification> {
  context.refuseIfStopped()
  checkFields('verify', options, ['method'])
  const method = methodFor(context, options.method)
  const asked = await getRecord(context, id)
  const key = JSON.stringify([asked.tenantId, asked.id])
  if (context.verifying.has(key)) return unverified(method, asked, inProgress)
  context.verifying.add(key)
  try {
    const consent = await request(context, asked, method)
    return consent.given
      ? await admit(context, asked, method, consent.ratePerMinute)
      : unverified(method, asked, consent)
  } finally {
    context.verifying.delete(key)
  }
}

/** The method to use. What the host requires cannot be replaced with another. */
export function methodFor(
  { options }: Pick<TenantContext, 'options'>,
  given: VerificationMethod | undefined,
): VerificationMethod {
  const { origin, required } = options.verification
  const method =
    oneOf(given, 'method', methods) ?? required ?? (origin === undefined ? 'challenge' : 'options')
  if (required !== undefined && method !== required)
    throw invalid('method', `must be '${required}', which this host requires`)
  if (method === 'options' && origin === undefined)
    throw invalid('method', "can be 'options' only where the host set `verification.origin`")
  return method
}

/** Disabled until it consents. */
export function awaitingConsent(record: EndpointRecord): EndpointRecord {
  return { ...record, status: 'disabled', disabledReason: 'unverified' }
}

/** An endpoint that has not consented gets nothing, whoever asks for it. */
export function refuseUnverified(record: EndpointRecord): EndpointRecord {
  if (record.disabledReason !== 'unverified') return record
  throw new WebhookError(
    'invalid_endpoint',
    'The endpoint has not consented to deliveries yet: call `endpoints.verify` first.',
    { details: { reason: 'unverified' } },
  )
}

async function request(
  context: TenantContext,
  endpoint: EndpointRecord,
  method: VerificationMethod,
): Promise<Consent> {
  const { origin = '', rate } = context.options.verification
  const messageId = newId('evt', context.now(), randomBytes)
  if (method === 'challenge') return challenge(context, endpoint, messageId)
  const headers = {
    'webhook-request-origin': origin,
    ...(rate === undefined ? {} : { 'webhook-request-rate': String(rate) }),
  }
  const question = { method: 'OPTIONS', messageId, headers, body: nothing } as const
  return judgeHandshake(await context.ask(endpoint, question), origin)
}

async function challenge(
  context: TenantContext,
  endpoint: EndpointRecord,
  id: string,
): Promise<Consent> {
  const { maxPayloadBytes } = context.options
  const sent = Buffer.from(randomBytes(32)).toString('base64url')
  const event = await prepare(
    { events: undefined, maxPayloadBytes, now: context.now },
    context.tenantId,
    { id, type: verificationEventType, data: { challenge: sent } },
  )
  const { body = event.body } = ownBody(context.fanOut, endpoint, event.body)
  const question = { method: 'POST', messageId: id, headers: {}, body } as const
  return judgeChallenge(await context.ask(endpoint, question), sent, body)
}

/** Consent was given for the URL that was asked, and for no other. */
async function admit(
  context: TenantContext,
  asked: EndpointRecord,
  method: VerificationMethod,
  allowedRate: number | undefined,
): Promise<Verification> {
  const record = await change(context, asked.id, (current) =>
    current.url === asked.url ? consented(current, allowedRate) : current,
  )
  if (record.url !== asked.url) return unverified(method, record, changed)
  context.wake()
  const endpoint = viewEndpoint(record)
  return { verified: true, method, endpoint, ...(allowedRate === undefined ? {} : { allowedRate }) }
}

function consented(record: EndpointRecord, allowedRate: number | undefined): EndpointRecord {
  const admitted = record.disabledReason === 'unverified' ? activated(record, 'enabled') : record
  if (allowedRate === undefined) return admitted
  const { limit, perMs } = record.rateLimit ?? { limit: Number.POSITIVE_INFINITY, perMs: 1 }
  const isLower = limit / perMs <= allowedRate / minuteMs
  if (isLower) return admitted
  return {
    ...admitted,
    rateLimit: { limit: Math.min(allowedRate, highestLimit), perMs: minuteMs },
  }
}

/** Whether a change goes beyond what the endpoint consented to: its URL, or, where the handshake may have named it, its rate. */
export function outgrowsConsent(
  { options }: Pick<TenantContext, 'options'>,
  before: EndpointRecord,
  after: EndpointRecord,
): boolean {
  const { required } = options.verification
  if (required === undefined) return false
  return before.url !== after.url || (required === 'options' && rateOf(after) > rateOf(before))
}

const rateOf = ({ rateLimit }: EndpointRecord): number =>
  rateLimit === undefined ? Number.POSITIVE_INFINITY : rateLimit.limit / rateLimit.perMs

type Refusal = Omit<Extract<Consent, { given: false }>, 'given'>

const inProgress: Refusal = {
  code: 'in_progress',
  message: 'The endpoint is being asked already: wait for that answer.',
}
const changed: Refusal = {
  code: 'endpoint_changed',
  message: 'The endpoint’s URL was changed while it was asked: ask the new one.',
}

function unverified(
  method: VerificationMethod,
  record: EndpointRecord,
  { code, message, status }: Refusal,
): Verification {
  return {
    verified: false,
    method,
    endpoint: viewEndpoint(record),
    code,
    message,
    ...(status === undefined ? {} : { status }),
  }
}
