import { errorText } from '../error-text'
import type { AttemptRecord, ClaimedDelivery } from '../model/delivery'
import type { AttemptOutcome, AttemptRequest } from '../ports/transport'
import { type MaybePromise, openSecrets } from '../secrets'
import type { Carrier } from '../telemetry/trace-context'
import type { WorkerContext } from './context'
import { openCredentials } from './credentials'
import { exchange } from './exchange'
import { idsOf } from './ids'
import { buildRequest } from './request'
import { noteSent, type Opened, type Sent } from './sent'

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

const nothingSent: Sent = { secrets: () => [] }

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
    const opening = open(context, delivery, now)
    opened = opening instanceof Promise ? await opening : opening
  } catch (error) {
    return { outcome: fail(notOpened, error), sent: nothingSent }
  }
  let request: AttemptRequest
  try {
    const signing = { now, secrets: opened.signingSecrets, carrier }
    const building = buildRequest(context.request, delivery, body, signing)
    request = building instanceof Promise ? await building : building
  } catch (error) {
    return { outcome: fail(notBuilt, error), sent: nothingSent }
  }
  let complete: AttemptRequest | undefined
  const note = (sending: AttemptRequest): void => {
    complete = sending
  }
  let outcome: AttemptOutcome
  try {
    outcome = await exchange(context, request, opened.credentials, note)
  } catch (error) {
    outcome = fail(notSent, error)
  }
  return { outcome, sent: noteSent(delivery, opened, complete) }
}

/** Waits only for what has to be waited for: local keys answer at once. */
function open(
  { request: { secretBox } }: WorkerContext,
  { endpoint }: ClaimedDelivery,
  now: number,
): MaybePromise<Opened> {
  const credentials = openCredentials(secretBox, endpoint)
  const signingSecrets = openSecrets(secretBox, endpoint, now)
  return credentials instanceof Promise || signingSecrets instanceof Promise
    ? openedLater(credentials, signingSecrets)
    : { credentials, signingSecrets }
}

async function openedLater(
  ...parts: [MaybePromise<Opened['credentials']>, MaybePromise<Opened['signingSecrets']>]
): Promise<Opened> {
  const [credentials, signingSecrets] = await Promise.all(parts)
  return { credentials, signingSecrets }
}

/** What the `redact` hook leaves of an attempt. Which attempt it was, and when, is not the hook's to say. */
export function redacted(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  record: AttemptRecord,
): AttemptRecord {
  const { redact, logger } = context.options
  const { number, startedAt } = record
  try {
    const left: unknown = redact(record)
    if (left === record && record.number === number && record.startedAt === startedAt) return record
    if (isAttempt(left)) return { ...left, number, startedAt }
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
