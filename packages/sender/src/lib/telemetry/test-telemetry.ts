import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import type { TelemetryOptions } from './options'

export interface TestTelemetry {
  readonly options: TelemetryOptions
  readonly tracer: api.Tracer
  spans(): readonly ReadableSpan[]
  /** The one span of that name. */
  span(name: string): ReadableSpan
  /** All points of a metric as collected now, by name. */
  points(name: string): Promise<readonly Point[]>
  /** The names of all metrics that have a point. */
  metrics(): Promise<readonly string[]>
}

export interface Point {
  readonly value: unknown
  readonly attributes: api.Attributes
}

interface Given extends Omit<TelemetryOptions, 'api'> {
  readonly sampler?: Sampler
  readonly processor?: SpanProcessor
}

/** The real SDK, which keeps what it gets in memory. */
export function testTelemetry({ sampler, processor, ...given }: Given = {}): TestTelemetry {
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({
    ...(sampler && { sampler }),
    spanProcessors: [...(processor ? [processor] : []), new SimpleSpanProcessor(spans)],
  })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const collect = async () => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  }
  return {
    options: { api, tracerProvider, meterProvider, ...given },
    tracer: tracerProvider.getTracer('test'),
    spans: () => spans.getFinishedSpans(),
    span(name) {
      const found = spans.getFinishedSpans().filter((span) => span.name === name)
      if (found.length === 1 && found[0] !== undefined) return found[0]
      throw new RangeError(`${found.length} spans are called ${name}`)
    },
    async points(name) {
      const metric = (await collect()).find(({ descriptor }) => descriptor.name === name)
      return metric?.dataPoints ?? []
    },
    async metrics() {
      const all = await collect()
      return all
        .filter(({ dataPoints }) => dataPoints.length > 0)
        .map(({ descriptor }) => descriptor.name)
    },
  }
}

/** What a host's SDK registers, so that a context follows the calls made in it. */
export function followContexts(): void {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}
