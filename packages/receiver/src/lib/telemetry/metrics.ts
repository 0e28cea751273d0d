import type { ReceiveOutcome } from '../result'
import type { Attributes, Meter } from './api'
import { outcomeOf } from './semantics'

export interface Metrics {
  answered(outcome: ReceiveOutcome, seconds: number, type: string | undefined): void
}

/** Those of HTTP request durations in the semantic conventions, in seconds, and what handlers may take above them. */
const durations = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60,
]

export function createMetrics(meter: Meter): Metrics {
  const requests = meter.createCounter('posthorn.requests', {
    description: 'Requests answered, by outcome.',
    unit: '{request}',
  })
  const duration = meter.createHistogram('posthorn.request.duration', {
    description: 'How long requests took, from their head to the answer.',
    unit: 's',
    advice: { explicitBucketBoundaries: [...durations] },
  })
  return {
    answered(outcome, seconds, type) {
      const attributes: Attributes = {
        'posthorn.request.outcome': outcomeOf(outcome),
        ...(type === undefined ? {} : { 'messaging.destination.name': type }),
      }
      requests.add(1, attributes)
      duration.record(seconds, attributes)
    },
  }
}
