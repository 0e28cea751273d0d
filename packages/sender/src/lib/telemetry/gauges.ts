import { endpointStatuses } from '../model/endpoint'
import type { Clock } from '../ports/clock'
import type { Statistics } from '../ports/delivery-log'
import type { Observable, ObservableCallback } from './api'
import type { ResolvedTelemetry } from './resolve'

export interface Gauges {
  /** How many deliveries this worker has claimed and not settled. */
  readonly inFlight: () => number
  readonly statistics: () => Promise<Statistics>
  /** Told what reading the statistics failed with. */
  readonly failed: (error: unknown) => void
}

/** Reading may cost as many rows as wait, so it gets at most one part in 20 of the time. */
const restFactor = 20

/** Begins to report what is so now; answers how to end that. Nothing is read unless somebody collects. */
export function observeGauges(
  { meter, statisticsMs }: ResolvedTelemetry,
  clock: Clock,
  gauges: Gauges,
): () => void {
  const observed = new Map<Observable, ObservableCallback>()
  const gauge: AddGauge = (name, unit, description, callback) => {
    const made = meter.createObservableGauge(name, { unit, description })
    made.addCallback(callback)
    observed.set(made, callback)
  }
  gauge('posthorn.deliveries.in_flight', '{delivery}', 'Claimed by this worker.', (result) =>
    result.observe(gauges.inFlight()),
  )
  if (statisticsMs !== undefined) observeStore(gauge, lately(clock, statisticsMs, gauges))
  return () => {
    for (const [made, callback] of observed) made.removeCallback(callback)
  }
}

type AddGauge = (
  name: string,
  unit: string,
  description: string,
  callback: ObservableCallback,
) => void

function observeStore(gauge: AddGauge, read: () => Promise<Statistics | undefined>): void {
  const figure = (name: string, unit: string, description: string, of: Figure) =>
    gauge(name, unit, description, async (result) => {
      const statistics = await read()
      if (statistics !== undefined) result.observe(of(statistics))
    })
  figure('posthorn.deliveries.due', '{delivery}', 'Due in the store.', ({ due }) => due)
  figure(
    'posthorn.deliveries.oldest_due_age',
    's',
    'Age of the longest due delivery in the store.',
    ({ oldestDueAgeMs = 0 }) => oldestDueAgeMs / 1000,
  )
  figure(
    'posthorn.events.recorded',
    '{event}',
    'Recorded in the store, and not matched to endpoints yet.',
    ({ recorded }) => recorded,
  )
  gauge('posthorn.endpoint.count', '{endpoint}', 'Endpoints in the store.', async (result) => {
    const statistics = await read()
    if (statistics === undefined) return
    for (const status of endpointStatuses)
      result.observe(statistics.endpoints[status], { 'posthorn.endpoint.status': status })
  })
}

type Figure = (statistics: Statistics) => number

/** One reading at a time, shared by all who ask, and kept for a while. */
function lately(clock: Clock, keptMs: number, { statistics, failed }: Gauges) {
  let reading: Promise<Statistics | undefined> | undefined
  let readAt = 0
  let freshUntil = 0
  const read = async (): Promise<Statistics | undefined> => {
    readAt = clock.now()
    freshUntil = Number.POSITIVE_INFINITY
    try {
      return await statistics()
    } catch (error) {
      failed(error)
      return undefined
    } finally {
      const ended = clock.now()
      freshUntil = ended + Math.max(keptMs, restFactor * (ended - readAt))
    }
  }
  return (): Promise<Statistics | undefined> => {
    const now = clock.now()
    // A clock that was put back is no reason to keep what was read.
    if (reading === undefined || now >= freshUntil || now < readAt) reading = read()
    return reading
  }
}
