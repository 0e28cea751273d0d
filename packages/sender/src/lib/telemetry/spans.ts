import type { Attributes, Span, SpanContext, TraceContext } from './api'
import type { ResolvedTelemetry } from './resolve'
import type { Safely } from './safely'
import { errorAttributes, failed } from './semantics'

/** A span under way, or the lack of one, where it could not be started. */
export interface Running {
  readonly spanContext: SpanContext | undefined
  /** Whether anything noted on it is kept: not where it was not sampled. */
  readonly isRecording: boolean
  note(attributes: Attributes): void
  link(context: SpanContext): void
  fail(attributes: Attributes): void
  end(): void
  /** With the span as the active one, so that what `work` calls is under it. */
  within<Result>(work: () => Result): Result
}

export interface NewSpan {
  readonly name: string
  readonly kind: number
  readonly attributes: Attributes
  readonly links?: readonly { readonly context: SpanContext }[]
}

export function startSpan(
  { api, tracer }: ResolvedTelemetry,
  safely: Safely,
  parent: TraceContext,
  { name, ...options }: NewSpan,
): Running {
  const span: Span | undefined = safely(() => tracer.startSpan(name, options, parent))
  const isRecording = span !== undefined && safely(() => span.isRecording()) === true
  const on = (use: (span: Span) => void): void => {
    if (isRecording) safely(() => use(span))
  }
  const note = (attributes: Attributes): void => on((it) => it.setAttributes(attributes))
  const active = span === undefined ? parent : api.trace.setSpan(parent, span)
  return {
    spanContext: span?.spanContext(),
    isRecording,
    note,
    link: (context) => on((it) => it.addLink({ context })),
    fail(attributes) {
      note(attributes)
      on((it) => it.setStatus(failed))
    },
    end: () => on((it) => it.end()),
    within: (work) => api.context.with(active, work),
  }
}

/** Runs `work` in the span, and ends it; what it rejects with is the span's too. */
export async function inSpan<Result>(span: Running, work: () => Promise<Result>): Promise<Result> {
  try {
    return await span.within(work)
  } catch (error) {
    span.fail(errorAttributes(error))
    throw error
  } finally {
    span.end()
  }
}
