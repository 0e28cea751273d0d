import { errorText } from '../error-text'
import type { AttemptRecord, ClaimedDelivery } from '../model/delivery'
import type { AttemptOutcome, AttemptRequest } from '../ports/transport'
import { openSecrets } from '../secrets'
import type { Carrier } from '../telemetry/trace-context'
import type { WorkerContext } from './context'
import { openCredentials } from './credentials'
import { exchange } from './exchange'
import { idsOf } from './ids'
import { buildRequest } from './request'
import { noteSent, type Sent, type SentParts } from './sent'

type Failure = Omit<Extract<AttemptOutcome, { kind: 'error' }>, 'kind' | 'durationMs'>

const notBuilt: Failure = {
  errorClass: 'config',
  code: 'request_not_built',
  message: 'The request could not be built from the endpoint’s configuration.',
}

/** A transport is not to throw; if it does, what it tried may still work the next time. */
const notSent: Failure = {
  errorClass: 'network',
  code: 'transport_failed',
  message: 'The request could not be sent.',
  blame: 'sender',
}

/** The host's to mend: a key that is missing, or a key service that cannot be reached. So it is tried again. */
const notOpened: Failure = {
  errorClass: 'network',
  code: 'secrets_unavailable',
  message: 'The endpoint’s secrets could not be opened.',
  blame: 'sender',
}

export interface Attempted {
  readonly outcome: AttemptOutcome
  readonly sent: Sent
}

const nothingSent: Sent = { secrets: [] }

/** Signs and makes one request, which carries the trace that it is part of. Never rejects. */
export async function attempt(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  body: Uint8Array,
  carrier?: Carrier,
): Promise<Attempted> {
  const begun = context.clock.now()
  const fail = (failure: Failure, error: unknown): AttemptOutcome => {
    const fields = { ...idsOf(delivery), error: errorText(error) }
    context.options.logger.error(fields, 'a request could not be built or sent')
    return { kind: 'error', ...failure, durationMs: Math.max(0, context.clock.now() - begun) }
  }
  const now = context.time.now()
  let opened: Opened
  try {
    opened = await open(context, delivery, now)
  } catch (error) {
    return { outcome: fail(notOpened, error), sent: nothingSent }
  }
  let request: AttemptRequest
  try {
    request = carrying(carrier, await buildRequest(context.request, delivery, body, now))
  } catch (error) {
    return { outcome: fail(notBuilt, error), sent: nothingSent }
  }
  let complete: AttemptRequest | undefined
  const note = (sending: AttemptRequest): void => {
    complete = sending
  }
  const outcome = await exchange(context, request, opened.credentials, note).catch((error) =>
    fail(notSent, error),
  )
  return { outcome, sent: noteSent({ delivery, ...opened, request: complete }) }
}

function carrying(carrier: Carrier | undefined, request: AttemptRequest): AttemptRequest {
  return carrier === undefined
    ? request
    : { ...request, headers: { ...request.headers, ...carrier } }
}

type Opened = Pick<SentParts, 'credentials' | 'signingSecrets'>

async function open(
  { request: { secretBox } }: WorkerContext,
  { endpoint }: ClaimedDelivery,
  now: number,
): Promise<Opened> {
  return {
    credentials: await openCredentials(secretBox, endpoint),
    signingSecrets: await openSecrets(secretBox, endpoint, now),
  }
}

/** What the `redact` hook leaves of an attempt. Which attempt it was, and when, is not the hook's to say. */
export function redacted(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  record: AttemptRecord,
): AttemptRecord {
  const { redact, logger } = context.options
  try {
    const left: unknown = redact(record)
    if (isAttempt(left)) return { ...left, number: record.number, startedAt: record.startedAt }
    throw new TypeError('`redact` must answer an attempt, and not a promise of one')
  } catch (error) {
    // A hook that fails must not let through what it was there to hide.
    logger.error(
      { ...idsOf(delivery), error: errorText(error) },
      'the redact hook failed: headers and body are not kept',
    )
    const {
      requestHeaders: _asked,
      responseHeaders: _answered,
      responseBody: _body,
      ...rest
    } = record
    return rest
  }
}

function isAttempt(value: unknown): value is AttemptRecord {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'durationMs' in value
}
