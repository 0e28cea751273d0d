import { afterAll, beforeAll, expect, it } from 'vitest'
import { events } from '../lib/deliveries'
import { startSink } from '../lib/sink'
import { type Bed, startBed } from './bed'
import { startHost } from './processes'

const [perSecond, seconds, workers] = [50, 20, 4]
const options = {
  timeout: '5s',
  worker: { concurrency: 50, perEndpoint: 50, lease: '10s', pollInterval: '200ms' },
} as const

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

it(`gives an endpoint with a limit of ${perSecond} a second 45 to 52 a second over ${seconds} s, from ${workers} workers`, async () => {
  const sink = await startSink({ delayMs: () => 20 })
  const { schema, sender } = await bed.fresh(sink.url, 0, options)
  const rateLimit = { limit: perSecond, per: '1s' } as const
  await sender.endpoints.create({ url: sink.url, eventTypes: ['run.*'], rateLimit })
  await sender.sendMany(events(2 * perSecond * seconds, 1))
  const settings = { url: bed.url, schema, options }
  const working = await Promise.all(Array.from({ length: workers }, () => startHost(settings)))
  await sink.afterMore(2 * perSecond)
  const before = sink.received.length
  const began = performance.now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  const rate = ((sink.received.length - before) * 1_000) / (performance.now() - began)
  const reports = await Promise.all(working.map((worker) => worker.stop()))
  const shares = reports.map((report) => report?.succeeded ?? 0)
  console.log({ perSecond, seconds, workers, rate: Number(rate.toFixed(1)), shares })
  expect(rate).toBeGreaterThanOrEqual(45)
  expect(rate).toBeLessThanOrEqual(52)
  await sink.close()
}, 90_000)
