/*
 * The parts of `@opentelemetry/api` (from 1.9) that the sender calls, so that neither its code nor its types are needed where nobody asks for
 * telemetry. The module itself fits `OpenTelemetryApi`.
 */

export type AttributeValue = string | number | boolean
export type Attributes = Readonly<Record<string, AttributeValue>>

export interface TraceContext {
  getValue(key: symbol): unknown
  setValue(key: symbol, value: unknown): TraceContext
  deleteValue(key: symbol): TraceContext
}

export interface TraceState {
  serialize(): string
}

export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly isRemote?: boolean
  readonly traceState?: TraceState
}

export interface Span {
  spanContext(): SpanContext
  isRecording(): boolean
  setAttributes(attributes: Attributes): unknown
  addLink(link: { readonly context: SpanContext }): unknown
  setStatus(status: { readonly code: number }): unknown
  end(): void
}

/** As wide as OpenTelemetry's own, so that its tracers fit. */
export interface SpanOptions {
  readonly kind?: number
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly links?: readonly { readonly context: SpanContext }[]
}

export interface Tracer {
  startSpan(name: string, options?: SpanOptions, context?: TraceContext): Span
}

export interface TracerProvider {
  getTracer(name: string, version?: string): Tracer
}

export interface Counter {
  add(value: number, attributes?: Attributes): void
}

export interface Histogram {
  record(value: number, attributes?: Attributes): void
}

export interface InstrumentOptions {
  readonly description?: string
  readonly unit?: string
  readonly advice?: { readonly explicitBucketBoundaries?: number[] }
}

export interface Observable {
  addCallback(callback: ObservableCallback): void
  removeCallback(callback: ObservableCallback): void
}

export type ObservableCallback = (result: ObservableResult) => void | Promise<void>

export interface ObservableResult {
  observe(value: number, attributes?: Attributes): void
}

export interface Meter {
  createCounter(name: string, options?: InstrumentOptions): Counter
  createHistogram(name: string, options?: InstrumentOptions): Histogram
  createObservableGauge(name: string, options?: InstrumentOptions): Observable
}

export interface MeterProvider {
  getMeter(name: string, version?: string): Meter
}

/** What `import * as api from '@opentelemetry/api'` is. */
export interface OpenTelemetryApi {
  readonly trace: TracerProvider & {
    setSpan(context: TraceContext, span: Span): TraceContext
    setSpanContext(context: TraceContext, spanContext: SpanContext): TraceContext
  }
  readonly metrics: MeterProvider
  readonly context: {
    active(): TraceContext
    with<Result>(context: TraceContext, work: () => Result): Result
  }
  readonly ROOT_CONTEXT: TraceContext
  createTraceState(text?: string): TraceState
  createContextKey(description: string): symbol
}
