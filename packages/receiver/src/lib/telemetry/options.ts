import { fail } from '../check'
import type { Meter, MeterProvider, OpenTelemetryApi, Tracer, TracerProvider } from './api'

/** What measurements may be told apart by, beside the outcome. */
export type MeasureBy = 'eventType'

/** Traces and metrics by OpenTelemetry. */
export interface TelemetryOptions {
  /** The host's own `@opentelemetry/api`: `import * as api from '@opentelemetry/api'`. Its SDK has to be registered before `createReceiver`. */
  readonly api: OpenTelemetryApi
  /** Makes the spans. Default: the one registered with `api`. */
  readonly tracerProvider?: TracerProvider
  /** Makes the metrics. Default: the one registered with `api`. */
  readonly meterProvider?: MeterProvider
  /** Default `[]`. A type that neither the catalogue has nor a handler takes is never told apart. */
  readonly measureBy?: readonly MeasureBy[]
}

export interface ResolvedTelemetry {
  readonly api: OpenTelemetryApi
  readonly tracer: Tracer
  readonly meter: Meter
  readonly byEventType: boolean
}

const scope = '@posthorn/receiver'
const names: ReadonlySet<string> = new Set(['api', 'tracerProvider', 'meterProvider', 'measureBy'])

/** @throws TypeError for any option that cannot be meant. */
export function resolveTelemetry(options: TelemetryOptions): ResolvedTelemetry {
  if (typeof options !== 'object' || options === null) fail('telemetry', 'must be an object')
  for (const name of Object.keys(options)) {
    if (!names.has(name)) fail(`telemetry.${name}`, 'is not an option')
  }
  const { api, measureBy = [] } = options
  if (typeof api?.trace?.setSpanContext !== 'function' || !api.metrics?.getMeter) {
    const how = "import * as api from '@opentelemetry/api'"
    fail('telemetry.api', `must be OpenTelemetry's API, 1.9 or newer: ${how}`)
  }
  const { tracerProvider = api.trace, meterProvider = api.metrics } = options
  if (typeof tracerProvider.getTracer !== 'function') {
    fail('telemetry.tracerProvider', 'must have getTracer')
  }
  if (typeof meterProvider.getMeter !== 'function') {
    fail('telemetry.meterProvider', 'must have getMeter')
  }
  if (!Array.isArray(measureBy) || !measureBy.every((name) => name === 'eventType')) {
    fail('telemetry.measureBy', "must be [] or ['eventType']")
  }
  return {
    api,
    tracer: tracerProvider.getTracer(scope),
    meter: meterProvider.getMeter(scope),
    byEventType: measureBy.length > 0,
  }
}
