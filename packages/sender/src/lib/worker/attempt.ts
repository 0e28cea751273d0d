import { errorText } from '../error-text'
import type { AttemptRecord, ClaimedDelivery } from '../model/delivery'
import type { AttemptOutcome, AttemptRequest } from '../ports/transport'
import type { WorkerContext } from './context'
import { buildRequest } from './request'

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
}

/** Signs and makes one request. Never rejects. */
export async function attempt(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  body: Uint8Array,
): Promise<AttemptOutcome> {
  const begun = context.clock.now()
  const fail = (failure: Failure, error: unknown): AttemptOutcome => {
    const fields = { deliveryId: delivery.lease.deliveryId, error: errorText(error) }
    context.options.logger.error(fields, 'a request could not be built or sent')
    return { kind: 'error', ...failure, durationMs: Math.max(0, context.clock.now() - begun) }
  }
  let request: AttemptRequest
  try {
    request = await buildRequest(context.request, delivery, body, context.time.now())
  } catch (error) {
    return fail(notBuilt, error)
  }
  try {
    return await context.transport().send(request)
  } catch (error) {
    return fail(notSent, error)
  }
}

/** What the `redact` hook leaves of an attempt. Which attempt it was, and when, is not the hook's to say. */
export function redacted(context: WorkerContext, record: AttemptRecord): AttemptRecord {
  const { redact, logger } = context.options
  try {
    const left: unknown = redact(record)
    if (isAttempt(left)) return { ...left, number: record.number, startedAt: record.startedAt }
    throw new TypeError('`redact` must answer an attempt, and not a promise of one')
  } catch (error) {
    // A hook that fails must not let through what it was there to hide.
    logger.error({ error: errorText(error) }, 'the redact hook failed: the response is not kept')
    const { responseBody: _body, responseHeaders: _headers, ...rest } = record
    return rest
  }
}

function isAttempt(value: unknown): value is AttemptRecord {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'durationMs' in value
}
