import * as api from '@opentelemetry/api'
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
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import type { TelemetryOptions } from './options'

/** The real SDK, which keeps what it gets in memory. */
export function testTelemetry({ processor }: { readonly processor?: SpanProcessor } = {}) {
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [...(processor ? [processor] : []), new SimpleSpanProcessor(spans)],
  })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const options: TelemetryOptions = { api, tracerProvider, meterProvider }
  return {
    options,
    tracer: tracerProvider.getTracer('test'),
    spans: (): readonly ReadableSpan[] => spans.getFinishedSpans(),
    span(name: string): ReadableSpan {
      const found = spans.getFinishedSpans().filter((span) => span.name === name)
      if (found.length === 1 && found[0] !== undefined) return found[0]
      throw new RangeError(`${found.length} spans are called ${name}`)
    },
    /** All points of a metric as collected now. */
    async points(name: string) {
      const { resourceMetrics } = await reader.collect()
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
      return metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
    },
  }
}
