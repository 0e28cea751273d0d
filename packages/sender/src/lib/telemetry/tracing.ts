import { isPlainObject } from '../checks'
import type { ClaimedDelivery } from '../model/delivery'
import type { AttemptOutcome, Transport } from '../ports/transport'
import type { EventToSend, PreparedEvent } from '../sending/prepare'
import type { OpenTelemetryApi, SpanContext, TraceContext } from './api'
import type { ResolvedTelemetry } from './resolve'
import type { Safely } from './safely'
import {
  attemptAttributes,
  batchAttributes,
  kinds,
  outcomeAttributes,
  preparedAttributes,
  sendAttributes,
  spanName,
} from './semantics'
import { inSpan, type NewSpan, type Running, startSpan } from './spans'
import { type Carrier, carrierOf, spanContextOf } from './trace-context'

type Prepare = (event: EventToSend) => Promise<PreparedEvent>

/**
 * The spans of a message: one of kind PRODUCER where it is sent or prepared, whose context is kept in the event's metadata; and, under it, one
 * of kind CLIENT for each attempt, whose context the request carries.
 */
export interface Tracing {
  /** Prepares and records one event in a span. A context that the caller gave in the metadata stays, and the span links to it. */
  send<Result>(
    tenantId: string,
    event: EventToSend,
    prepare: Prepare,
    record: (prepared: PreparedEvent) => Promise<Result>,
  ): Promise<Result>
  /** Prepares an event that is recorded later. No span for one that has a context already. */
  prepare(tenantId: string, event: EventToSend, prepare: Prepare): Promise<PreparedEvent>
  /** Records prepared events in a span that links to each of them. */
  batch<Result>(
    tenantId: string,
    events: readonly PreparedEvent[],
    record: () => Promise<Result>,
  ): Promise<Result>
  /** Makes an attempt, which never rejects, in a span; `run` is told what the request has to carry. */
  attempt<Attempted extends { readonly outcome: AttemptOutcome }>(
    delivery: ClaimedDelivery,
    run: (carrier: Carrier | undefined) => Promise<Attempted>,
  ): Promise<Attempted>
  /** Keeps the host's HTTP instrumentation from tracing requests that have a span here, and from adding a second `traceparent`. */
  untraced(transport: Transport): Transport
  /** Outside any trace: what runs on for long is no part of the one it was started in. */
  apart<Result>(work: () => Result): Result
}

/** The key by which `@opentelemetry/core` suppresses tracing; exporters set it around their own requests. */
const suppressionKey = 'OpenTelemetry SDK Context Key SUPPRESS_TRACING'

export function createTracing(telemetry: ResolvedTelemetry, safely: Safely): Tracing {
  const { api } = telemetry
  const tracer: Tracer = {
    api,
    start: (span, parent = api.context.active()) => startSpan(telemetry, safely, parent, span),
  }
  return {
    send: (tenantId, event, prepare, record) => {
      const span = startMessage(tracer, 'send', tenantId, event)
      return inSpan(span, async () => record(await preparedToSend(api, span, event, prepare)))
    },
    prepare: (tenantId, event, prepare) => tracedPrepare(tracer, tenantId, event, prepare),
    batch: (tenantId, events, record) => inSpan(startBatch(tracer, tenantId, events), record),
    attempt: (delivery, run) => tracedAttempt(tracer, delivery, run),
    untraced: (transport) => untraced(api, transport),
    apart: (work) => api.context.with(api.ROOT_CONTEXT, work),
  }
}

interface Tracer {
  readonly api: OpenTelemetryApi
  /** Under the active span, unless said otherwise. */
  readonly start: (span: NewSpan, parent?: TraceContext) => Running
}

/** The caller may have passed anything as the event: that is for `prepare` to refuse. */
function startMessage(
  { start }: Tracer,
  operation: 'send' | 'create',
  tenantId: string,
  event: EventToSend | undefined,
): Running {
  return start({
    name: spanName(operation, event?.type),
    kind: kinds.producer,
    attributes: sendAttributes(operation, tenantId, event?.type),
  })
}

async function preparedIn(span: Running, event: EventToSend, prepare: Prepare) {
  const prepared = await prepare(event)
  span.note(preparedAttributes(prepared))
  return prepared
}

async function preparedToSend(
  api: OpenTelemetryApi,
  span: Running,
  event: EventToSend,
  prepare: Prepare,
): Promise<PreparedEvent> {
  const prepared = await preparedIn(span, event, prepare)
  const given = spanContextOf(api, prepared.metadata)
  if (given === undefined) return carrying(prepared, span.spanContext)
  span.link(given)
  return prepared
}

function tracedPrepare(
  tracer: Tracer,
  tenantId: string,
  event: EventToSend,
  prepare: Prepare,
): Promise<PreparedEvent> {
  const metadata: unknown = event?.metadata
  if (isPlainObject(metadata) && spanContextOf(tracer.api, metadata) !== undefined)
    return prepare(event)
  const span = startMessage(tracer, 'create', tenantId, event)
  return inSpan(span, async () =>
    carrying(await preparedIn(span, event, prepare), span.spanContext),
  )
}

function startBatch(
  { api, start }: Tracer,
  tenantId: string,
  events: readonly PreparedEvent[],
): Running {
  return start({
    name: spanName('send', undefined),
    kind: kinds.client,
    attributes: batchAttributes(tenantId, events.length),
    links: events.flatMap(({ metadata }) => linkTo(spanContextOf(api, metadata))),
  })
}

async function tracedAttempt<Attempted extends { readonly outcome: AttemptOutcome }>(
  { api, start }: Tracer,
  delivery: ClaimedDelivery,
  run: (carrier: Carrier | undefined) => Promise<Attempted>,
): Promise<Attempted> {
  const sent = spanContextOf(api, delivery.metadata)
  const root = api.ROOT_CONTEXT
  const attempt = {
    name: spanName('deliver', delivery.eventType),
    kind: kinds.client,
    attributes: attemptAttributes(delivery),
  }
  const span = start(attempt, sent === undefined ? root : api.trace.setSpanContext(root, sent))
  const own = span.spanContext ?? sent
  const attempted = await span.within(() => run(own && carrierOf(own)))
  if (span.isRecording) {
    const attributes = outcomeAttributes(attempted.outcome)
    if ('error.type' in attributes) span.fail(attributes)
    else span.note(attributes)
    span.end()
  }
  return attempted
}

function untraced(api: OpenTelemetryApi, transport: Transport): Transport {
  const suppressed = api.createContextKey(suppressionKey)
  return {
    send: (request) =>
      api.context.with(api.context.active().setValue(suppressed, true), () =>
        transport.send(request),
      ),
    close: () => transport.close(),
  }
}

function carrying(event: PreparedEvent, context: SpanContext | undefined): PreparedEvent {
  const carrier = context && carrierOf(context)
  if (carrier === undefined) return event
  return Object.freeze({ ...event, metadata: { ...event.metadata, ...carrier } })
}

function linkTo(context: SpanContext | undefined): readonly { readonly context: SpanContext }[] {
  return context === undefined ? [] : [{ context }]
}
