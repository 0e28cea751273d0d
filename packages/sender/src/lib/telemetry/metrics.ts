import type { Emitter } from '../emitter'
import { classifyOutcome } from '../model/attempt'
import type { ClaimedDelivery } from '../model/delivery'
import type { Clock } from '../ports/clock'
import type { AttemptOutcome } from '../ports/transport'
import type { Attributes } from './api'
import { type Gauges, observeGauges } from './gauges'
import type { ResolvedTelemetry } from './resolve'
import type { Safely } from './safely'

export interface Metrics {
  claimed(deliveries: readonly ClaimedDelivery[]): void
  attempted(delivery: ClaimedDelivery, outcome: AttemptOutcome): void
  /** A settlement came too late: the lease had been lost, or the delivery canceled. */
  leaseLost(delivery: ClaimedDelivery): void
  /** Reports the gauges, and endpoints that are disabled; answers how to end that. */
  watch(source: GaugeSource): () => void
}

export interface GaugeSource extends Gauges {
  readonly emitter: Emitter
}

export interface MetricsParts {
  readonly clock: Clock
  readonly safely: Safely
}

/** Those of HTTP request durations in the semantic conventions, in seconds, and the sender's timeouts above them. */
const durations = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60,
]

export function createMetrics(telemetry: ResolvedTelemetry, parts: MetricsParts): Metrics {
  const { safely } = parts
  const made = instruments(telemetry)
  const of = (subject: Subject): Attributes => dimensions(telemetry, subject)
  const isPlain = telemetry.measureBy.size === 0
  return {
    claimed(deliveries) {
      safely(() => {
        if (isPlain && deliveries.length > 0) made.claims.add(deliveries.length, {})
        else for (const delivery of deliveries) made.claims.add(1, of(subjectOf(delivery)))
      })
    },
    attempted(delivery, outcome) {
      safely(() => {
        const verdict = measured(outcome)
        const attributes = isPlain ? verdict : { ...of(subjectOf(delivery)), ...verdict }
        made.attempts.add(1, attributes)
        made.duration.record(outcome.durationMs / 1000, attributes)
      })
    },
    leaseLost(delivery) {
      safely(() => made.leasesLost.add(1, of(subjectOf(delivery))))
    },
    watch({ emitter, ...gauges }) {
      const unlisten = emitter.on('endpoint.disabled', ({ tenantId, endpointId, reason }) => {
        const attributes = { ...of({ tenantId, endpointId }), 'posthorn.disabled.reason': reason }
        safely(() => made.disabled.add(1, attributes))
      })
      const unobserve = observeGauges(telemetry, parts.clock, gauges)
      return () => {
        unlisten()
        unobserve()
      }
    },
  }
}

function instruments({ meter }: ResolvedTelemetry) {
  return {
    claims: meter.createCounter('posthorn.claims', {
      description: 'Deliveries claimed by this worker.',
      unit: '{delivery}',
    }),
    attempts: meter.createCounter('posthorn.attempts', {
      description: 'Requests made for deliveries, by outcome.',
      unit: '{attempt}',
    }),
    duration: meter.createHistogram('posthorn.attempt.duration', {
      description: 'How long attempts took, from DNS to the final headers.',
      unit: 's',
      advice: { explicitBucketBoundaries: [...durations] },
    }),
    leasesLost: meter.createCounter('posthorn.leases.lost', {
      description: 'Outcomes that came after their lease was lost, or their delivery canceled.',
      unit: '{lease}',
    }),
    disabled: meter.createCounter('posthorn.endpoints.disabled', {
      description: 'Endpoints disabled by this worker because of what they answered.',
      unit: '{endpoint}',
    }),
  }
}

/** Outcomes and statuses are few, whatever the endpoints do. */
function measured(outcome: AttemptOutcome): Attributes {
  const verdict = { 'posthorn.attempt.outcome': classifyOutcome(outcome) }
  if (outcome.kind === 'error') return verdict
  const { status } = outcome
  const isStatus = status >= 100 && status <= 599
  return isStatus ? { ...verdict, 'http.response.status_code': status } : verdict
}

interface Subject {
  readonly tenantId: string
  readonly endpointId: string
  readonly eventType?: string
}

function subjectOf({ lease, endpoint, eventType }: ClaimedDelivery): Subject {
  return { tenantId: lease.tenantId, endpointId: endpoint.id, eventType }
}

function dimensions({ measureBy }: ResolvedTelemetry, subject: Subject): Attributes {
  const { tenantId, endpointId, eventType } = subject
  return {
    ...(measureBy.has('tenant') ? { 'posthorn.tenant.id': tenantId } : {}),
    ...(measureBy.has('endpoint') ? { 'posthorn.endpoint.id': endpointId } : {}),
    ...(measureBy.has('eventType') && eventType !== undefined
      ? { 'messaging.destination.name': eventType }
      : {}),
  }
}
