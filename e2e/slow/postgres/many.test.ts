import { afterAll, beforeAll, expect, it } from 'vitest'
import { drained } from '../lib/deliveries'
import { startSink } from '../lib/sink'
import { type Bed, startBed } from './bed'
import { startHost } from './processes'

const [events, producers, workers, endpoints] = [4_000, 20, 20, 20]
// Forty processes that begin at once leave each other little of two cores: the default timeout has room for that, a shorter one has not.
const options = {
  worker: { concurrency: 10, perEndpoint: 10, pollInterval: '500ms' },
} as const

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

it(`delivers ${events} events of ${producers} producers by ${workers} workers, all in processes, once each, with work for all`, async () => {
  const sink = await startSink({ delayMs: () => 20 })
  const { schema, sender } = await bed.fresh(sink.url, endpoints, options)
  const settings = { url: bed.url, schema, options, poolSize: 3 }
  const share = events / producers
  const working = await Promise.all(Array.from({ length: workers }, () => startHost(settings)))
  const producing = await Promise.all(
    Array.from({ length: producers }, (_, index) => {
      const produce = { first: index * share, count: share, types: endpoints, atOnce: 10 }
      return startHost({
        ...settings,
        poolSize: 1,
        produce: { ...produce, inTransaction: index % 2 === 1 },
      })
    }),
  )
  const began = performance.now()
  for (const producer of producing) expect((await producer.report)?.sent).toHaveLength(share)
  const sentMs = Math.round(performance.now() - began)
  const drainedMs = await drained(sender)
  const reports = await Promise.all(working.map((worker) => worker.stop()))
  await Promise.all(producing.map((producer) => producer.kill()))

  const shares = reports.map((report) => report?.succeeded ?? 0).sort((a, b) => a - b)
  const duplicates = sink.received.length - sink.counts.size
  console.log({
    events,
    producers,
    workers,
    delivered: sink.counts.size,
    duplicates,
    sentMs,
    drainedMs,
    shares,
  })
  expect(sink.counts.size).toBe(events)
  expect(duplicates).toBe(0)
  expect(shares.reduce((sum, count) => sum + count)).toBe(events)
  expect(shares[0], 'a worker was starved').toBeGreaterThan(0)
  for (const peak of sink.peaks.values()) expect(peak).toBeLessThanOrEqual(10)
  await sink.close()
}, 120_000)
