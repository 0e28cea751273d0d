import type { AnyCatalogue } from '@posthorn/schema'
import type { Log } from '../log'
import type { Message, Received } from '../pipeline/parse'
import { replyStatus } from '../pipeline/reply'
import type { Clock } from '../ports/clock'
import type { Awaitable } from '../ports/idempotency-store'
import type { ReceiveOutcome } from '../result'
import type { SpanContext, TraceContext } from './api'
import { createMetrics } from './metrics'
import { type ResolvedTelemetry, resolveTelemetry, type TelemetryOptions } from './options'
import { createSafely, type Safely } from './safely'
import { consumer, operationAttributes, outcomeOf, spanName } from './semantics'
import { ending, type Running, startSpan, within } from './spans'
import { remoteOf } from './trace-context'

/** What watches the receiver. Undefined in every place that could use it unless the host asked for it. */
export interface Telemetry {
  /** Watches a request from now on. */
  watch(): Watch
  /** Runs the handlers of a message in a span, which is active for them. */
  process<Result>(message: Message, work: () => Awaitable<Result>): Awaitable<Result>
}

/** One request: a span of kind CONSUMER, which begins when the request did. */
export interface Watch {
  /** Its message was verified and read: the span goes on in the sender's trace, and `work` runs in it. */
  taken<Result>(message: Received, work: (message: Received) => Result): Result
  answered(outcome: ReceiveOutcome): void
}

export interface TelemetryParts {
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  readonly events: AnyCatalogue | undefined
}

/** @throws TypeError for any option that cannot be meant. */
export function createTelemetry(options: TelemetryOptions, parts: TelemetryParts): Telemetry {
  const telemetry = resolveTelemetry(options)
  const safely = createSafely(parts.log)
  const metrics = createMetrics(telemetry.meter)
  return {
    watch() {
      const startTime = safely(() => parts.clock.now()) ?? 0
      const begin = (message?: Received): Running => {
        const name = spanName('receive', message?.event.type)
        const attributes = operationAttributes('receive', message)
        const place = message && safely(() => placeOf(telemetry, message))
        const links = place?.links ?? []
        const options = { name, kind: consumer, attributes, startTime, links }
        return startSpan(telemetry, safely, place?.parent, options)
      }
      let span: Running | undefined
      return {
        taken(message, work) {
          span = begin(message)
          const { context } = span
          const traced = context === undefined ? message : { ...message, trace: context }
          return within(telemetry, safely, context, () => work(traced))
        },
        answered(outcome) {
          end(span ?? begin(), outcome)
          const type = telemetry.byEventType ? knownType(outcome, parts.events) : undefined
          safely(() => metrics.answered(outcome, (parts.clock.now() - startTime) / 1_000, type))
        },
      }
    },
    process: (message, work) => processed(telemetry, safely, message, work),
  }
}

function processed<Result>(
  telemetry: ResolvedTelemetry,
  safely: Safely,
  message: Message,
  work: () => Awaitable<Result>,
): Awaitable<Result> {
  const { trace, verified, event } = message
  // One that an inbox kept has only its headers.
  const place = trace || !verified ? undefined : safely(() => placeOf(telemetry, message))
  const span = startSpan(telemetry, safely, trace ?? place?.parent, {
    name: spanName('process', event.type),
    kind: consumer,
    attributes: operationAttributes('process', message),
    links: place?.links ?? [],
  })
  return ending(span, () => within(telemetry, safely, span.context, work))
}

interface Place {
  readonly parent: TraceContext
  readonly links: readonly { readonly context: SpanContext }[]
}

/**
 * Under the span of the host's HTTP instrumentation, where there is one, with a link to the sender's if that is in another trace; else under the
 * sender's. No signature covers `traceparent`: it decides where spans are shown, and nothing else.
 */
function placeOf({ api }: ResolvedTelemetry, { request }: Message): Place {
  const parent = api.context.active()
  const remote = remoteOf(api, request.headers)
  if (remote === undefined) return { parent, links: [] }
  const own = api.trace.getSpanContext(parent)
  if (own === undefined) return { parent: api.trace.setSpanContext(parent, remote), links: [] }
  return { parent, links: own.traceId === remote.traceId ? [] : [{ context: remote }] }
}

function end(span: Running, outcome: ReceiveOutcome): void {
  const status = replyStatus(outcome)
  const attributes = {
    'posthorn.request.outcome': outcomeOf(outcome),
    'http.response.status_code': status,
    ...(outcome.kind === 'refused' ? { 'error.type': outcome.code } : {}),
  }
  if (status >= 500) span.fail(attributes)
  else span.note(attributes)
  span.end()
}

/** Senders choose types: one that nobody expected is not counted apart. */
function knownType(outcome: ReceiveOutcome, events: AnyCatalogue | undefined): string | undefined {
  if (outcome.kind === 'unknown_type') return undefined
  if (outcome.kind === 'duplicate') return outcome.type
  if (outcome.kind !== 'refused') return outcome.event.type
  const { type } = outcome
  return type !== undefined && events?.has(type) ? type : undefined
}
