import { errorText } from '../error-text'
import { silentLogger } from '../guarded-logger'
import { describeAttempt } from '../model/attempt'
import type { ClaimedDelivery, NextState, Settlement } from '../model/delivery'
import { judgeClaim } from '../model/judge-claim'
import { retryPolicyFor } from '../model/retry-schedule'
import { settle } from '../model/settle'
import type { AttemptOutcome } from '../ports/transport'
import { announceAttempt, announceNext } from './announce'
import { type Attempted, attempt, redacted } from './attempt'
import { conceal } from './conceal'
import type { WorkerContext } from './context'
import { blankEchoes, blankText, mayEcho } from './echo'
import { idsOf } from './ids'
import type { Sent } from './sent'

/** Takes one claimed delivery to its next state. Never rejects: what cannot be settled is left to its lease. */
export async function runDelivery(
  context: WorkerContext,
  delivery: ClaimedDelivery,
): Promise<NextState | undefined> {
  try {
    const settlement = await work(context, delivery)
    context.inFlight.attempted(delivery)
    return await conclude(context, delivery, settlement)
  } catch (error) {
    const fields = { ...idsOf(delivery), error: errorText(error) }
    context.options.logger.error(
      fields,
      'a delivery could not be settled; its lease will run out and it will be tried again',
    )
    context.emitter.emit('worker.error', { error })
    return undefined
  } finally {
    context.inFlight.remove(delivery)
  }
}

async function work(context: WorkerContext, delivery: ClaimedDelivery): Promise<Settlement> {
  const { lease, endpoint, progress, body } = delivery
  const judged = judgeClaim(progress, endpoint.status, body !== undefined)
  if (judged !== 'attempt' || body === undefined) {
    return { lease, next: judged === 'attempt' ? { status: 'failed', reason: 'config' } : judged }
  }
  const startedAt = context.time.now()
  const begun = context.clock.now()
  const { outcome: seen, sent } = await watched(context, delivery, body)
  const outcome = context.options.concealsTargets
    ? await conceal(context, endpoint, seen, begun)
    : seen
  if (context.cutOff() && outcome.kind === 'error')
    return cutOffSettlement(delivery, startedAt, outcome)
  const result = settle(subject(context, delivery), outcome, policy(context, delivery))
  logDetail(context, delivery, seen, sent)
  const effects = context.effects.apply(delivery, result)
  if (effects !== undefined) await effects
  const record = describeAttempt(outcome, {
    number: lease.attempt,
    startedAt,
    url: endpoint.url,
    retryAfterMs: result.retryAfterMs,
    requestHeaders: sent.headers,
  })
  const shown = mayEcho(record) ? blankEchoes(record, sent.secrets()) : record
  return { lease, next: result.next, attempt: redacted(context, delivery, shown) }
}

async function watched(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  body: Uint8Array,
): Promise<Attempted> {
  const { telemetry } = context
  if (telemetry === undefined) return attempt(context, delivery, body)
  const attempted = await telemetry.tracing.attempt(delivery, (carrier) =>
    attempt(context, delivery, body, carrier),
  )
  telemetry.metrics.attempted(delivery, attempted.outcome)
  return attempted
}

function subject(context: WorkerContext, delivery: ClaimedDelivery) {
  return {
    progress: delivery.progress,
    ageMs: Math.max(0, context.time.now() - delivery.createdAt),
    health: delivery.endpoint.health,
  }
}

function policy(context: WorkerContext, delivery: ClaimedDelivery) {
  return {
    retry: retryPolicyFor(context.options.retry, delivery.eventType, delivery.endpoint.retry),
    ...context.options.health,
    directives: context.options.responseDirectives,
    forbiddenIsFinal: !context.options.concealsTargets,
    now: context.time.now(),
    random: context.options.random,
  }
}

/**
 * We broke it off ourselves, so it costs neither an attempt of the schedule nor the endpoint's good name; it may have arrived. It counts as
 * deferred, as a duplicate in flight does: after five such stops a 409 costs the delivery an attempt, and that is all.
 */
function cutOffSettlement(
  { lease }: ClaimedDelivery,
  startedAt: number,
  { durationMs }: AttemptOutcome,
): Settlement {
  return {
    lease,
    next: { status: 'pending', retryInMs: 0, deferred: true },
    attempt: {
      number: lease.attempt,
      startedAt,
      durationMs,
      outcome: 'network',
      error: { code: 'sender_stopped', message: 'The sender stopped before an answer came.' },
    },
  }
}

async function conclude(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  settlement: Settlement,
): Promise<NextState | undefined> {
  const verdict = await context.settler.add(settlement)
  if (settlement.attempt !== undefined)
    announceAttempt(context.emitter, delivery, settlement.attempt)
  if (verdict === 'applied') {
    announceNext(context.emitter, delivery, settlement.next)
    return settlement.next
  }
  context.telemetry?.metrics.leaseLost(delivery)
  context.options.logger.warn(
    idsOf(delivery),
    'the lease was lost or the delivery canceled: its state was left as it is',
  )
  return undefined
}

function logDetail(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  outcome: AttemptOutcome,
  { secrets }: Sent,
): void {
  const { logger } = context.options
  if (logger === silentLogger) return
  const fields = { ...idsOf(delivery), durationMs: outcome.durationMs }
  if (outcome.kind === 'response') {
    logger.debug({ ...fields, status: outcome.status }, 'attempt answered')
    return
  }
  const { errorClass, code, detail } = outcome
  logger.warn(
    {
      ...fields,
      errorClass,
      code,
      ...(detail === undefined ? {} : { detail: blankText(detail, secrets()) }),
    },
    'attempt failed',
  )
}
