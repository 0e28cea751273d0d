import { isThenable } from '../awaitable'
import type { Awaitable } from '../ports/idempotency-store'
import type { Attributes, Span, SpanOptions, TraceContext } from './api'
import type { ResolvedTelemetry } from './options'
import type { Safely } from './safely'
import { errorType, failed } from './semantics'

/** A span under way, or the lack of one, where it could not be started. */
export interface Running {
  /** With the span as the active one. */
  readonly context: TraceContext | undefined
  note(attributes: Attributes): void
  fail(attributes: Attributes): void
  end(): void
}

export function startSpan(
  { api, tracer }: ResolvedTelemetry,
  safely: Safely,
  parent: TraceContext | undefined,
  { name, ...options }: SpanOptions & { readonly name: string },
): Running {
  const span: Span | undefined = safely(() => tracer.startSpan(name, options, parent))
  const on = (use: (span: Span) => void): void => {
    if (span !== undefined) safely(() => use(span))
  }
  const note = (attributes: Attributes): void => on((it) => it.setAttributes(attributes))
  return {
    context: span && safely(() => api.trace.setSpan(parent ?? api.context.active(), span)),
    note,
    fail(attributes) {
      note(attributes)
      on((it) => it.setStatus(failed))
    },
    end: () => on((it) => it.end()),
  }
}

/** Runs `work` in a context. A context manager that fails, before or after, is not its fault. */
export function within<Result>(
  { api }: ResolvedTelemetry,
  safely: Safely,
  context: TraceContext | undefined,
  work: () => Result,
): Result {
  if (context === undefined) return work()
  let ran: { readonly end: () => Result } | undefined
  const once = (): void => {
    try {
      const result = work()
      ran = { end: () => result }
    } catch (error) {
      ran = {
        end: () => {
          throw error
        },
      }
    }
  }
  safely(() => api.context.with(context, once))
  return ran === undefined ? work() : ran.end()
}

/** Ends the span when `work` does; what it throws or rejects with is the span's too. */
export function ending<Result>(span: Running, work: () => Awaitable<Result>): Awaitable<Result> {
  const failWith = (error: unknown): never => {
    span.fail({ 'error.type': errorType(error) })
    span.end()
    throw error
  }
  const end = (result: Result): Result => {
    span.end()
    return result
  }
  let running: Awaitable<Result>
  try {
    running = work()
  } catch (error) {
    return failWith(error)
  }
  return isThenable(running) ? Promise.resolve(running).then(end, failWith) : end(running)
}
