import { checkKeys, methods, positiveDuration } from '../check-options'
import { VERSION } from '../version'
import type { Meter, OpenTelemetryApi, Tracer } from './api'
import type { MeasureBy, TelemetryOptions } from './options'

export interface ResolvedTelemetry {
  readonly api: OpenTelemetryApi
  readonly tracer: Tracer
  readonly meter: Meter
  readonly measureBy: ReadonlySet<MeasureBy>
  /** Undefined: the store's figures are not reported. */
  readonly statisticsMs: number | undefined
}

const scope = '@posthorn/sender'
const dimensions: readonly MeasureBy[] = ['tenant', 'endpoint', 'eventType']

export function resolveTelemetry(
  options: TelemetryOptions | undefined,
): ResolvedTelemetry | undefined {
  if (options === undefined) return undefined
  checkKeys('telemetry', options, [
    'api',
    'tracerProvider',
    'meterProvider',
    'measureBy',
    'statistics',
  ])
  const api = checkApi(options.api)
  const { tracerProvider = api.trace, meterProvider = api.metrics, statistics = '15s' } = options
  return Object.freeze({
    api,
    tracer: methods(tracerProvider, 'telemetry.tracerProvider', ['getTracer']).getTracer(
      scope,
      VERSION,
    ),
    meter: methods(meterProvider, 'telemetry.meterProvider', ['getMeter']).getMeter(scope, VERSION),
    measureBy: dimensionsOf(options.measureBy ?? []),
    statisticsMs:
      statistics === false ? undefined : positiveDuration(statistics, 'telemetry.statistics'),
  })
}

function checkApi(api: OpenTelemetryApi): OpenTelemetryApi {
  const isModule =
    typeof api?.trace?.setSpanContext === 'function' &&
    typeof api.metrics?.getMeter === 'function' &&
    typeof api.createTraceState === 'function'
  if (isModule) return api
  throw new TypeError(
    "telemetry.api must be OpenTelemetry's API, 1.9 or newer: import * as api from '@opentelemetry/api'",
  )
}

function dimensionsOf(given: readonly MeasureBy[]): ReadonlySet<MeasureBy> {
  if (Array.isArray(given) && given.every((name) => dimensions.includes(name)))
    return new Set(given)
  throw new TypeError(`telemetry.measureBy must be some of ${dimensions.join(', ')}`)
}
