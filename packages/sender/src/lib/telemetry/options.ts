import type { Duration } from '@posthorn/schema'
import type { MeterProvider, OpenTelemetryApi, TracerProvider } from './api'

/** What measurements may be told apart by, beside the outcome. Each multiplies the number of series by how many there are. */
export type MeasureBy = 'tenant' | 'endpoint' | 'eventType'

/** Traces and metrics by OpenTelemetry. */
export interface TelemetryOptions {
  /** The host's own `@opentelemetry/api`: `import * as api from '@opentelemetry/api'`. Its SDK has to be registered before `createSender`. */
  readonly api: OpenTelemetryApi
  /** Makes the spans. Default: the one registered with `api`. */
  readonly tracerProvider?: TracerProvider
  /** Makes the metrics. Default: the one registered with `api`. */
  readonly meterProvider?: MeterProvider
  /** Default `[]`: nothing that grows with the number of tenants. */
  readonly measureBy?: readonly MeasureBy[]
  /**
   * How old the store's figures (due, oldest due) may be when they are asked for; `false`: they are not read, for instance where another
   * process reports them. Never read oftener than at 20 times what reading them takes. Default `'15s'`.
   */
  readonly statistics?: Duration | false
}
