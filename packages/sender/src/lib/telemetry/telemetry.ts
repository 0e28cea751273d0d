import type { Clock } from '../ports/clock'
import type { Logger } from '../ports/logger'
import { createMetrics, type Metrics } from './metrics'
import type { ResolvedTelemetry } from './resolve'
import { createSafely } from './safely'
import { createTracing, type Tracing } from './tracing'

/** What watches the sender. Undefined in every place that could use it unless the host asked for it. */
export interface Telemetry {
  readonly tracing: Tracing
  readonly metrics: Metrics
}

export interface TelemetryParts {
  readonly telemetry: ResolvedTelemetry | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export function createTelemetry({ telemetry, clock, logger }: TelemetryParts) {
  if (telemetry === undefined) return undefined
  const safely = createSafely(logger)
  const made: Telemetry = {
    tracing: createTracing(telemetry, safely),
    metrics: createMetrics(telemetry, { clock, safely }),
  }
  return made
}
