import type { Delivery, Sender } from '@posthorn/sender'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Bed, drained, events, mulberry32, startBed } from './bed'
import { startHost } from './processes'
import { type Sink, startSink } from './sink'

const [deliveries, kills, endpoints, leaseMs] = [2_000, 20, 4, 3_000]
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const random = mulberry32(seed)
const options = {
  timeout: '1s',
  worker: { concurrency: 30, perEndpoint: 10, lease: `${leaseMs}ms`, pollInterval: '200ms' },
} as const

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

it(`loses nothing when the worker is killed ${kills} times over ${deliveries} deliveries`, async () => {
  const sink = await startSink({ delayMs: () => 5 + Math.floor(random() * 25) })
  const { schema, sender } = await bed.fresh(sink.url, endpoints, options)
  await sender.sendMany(events(deliveries, endpoints))

  const settings = { url: bed.url, schema, options }
  const hits = new Map<string, number>()
  let worker = await startHost(settings)
  for (let kill = 0; kill < kills; kill += 1) {
    await sink.afterMore(20 + Math.floor(random() * 60))
    await worker.kill()
    await sink.quiet()
    for (const id of await receivedButUnsettled(sender, sink, hits))
      hits.set(id, (hits.get(id) ?? 0) + 1)
    worker = await startHost(settings)
  }
  const drainedMs = await drained(sender)
  await worker.kill()

  const lost = deliveries - sink.counts.size
  const duplicates = sink.received.length - sink.counts.size
  const hit = [...hits.values()].reduce((sum, count) => sum + count, 0)
  console.log({ seed, deliveries, kills, lost, duplicates, hit, drainedMs, leaseMs })
  expect(lost).toBe(0)
  const left = { pending: 0, delivering: 0, failed: 0 }
  expect(await sender.statistics()).toMatchObject({ succeeded: deliveries, ...left })
  for (const [id, count] of sink.counts)
    expect(count, id).toBeLessThanOrEqual(1 + (hits.get(id) ?? 0))
  expect(hit, 'no kill hit a request').toBeGreaterThan(0)
  expect(drainedMs).toBeLessThanOrEqual(leaseMs + 5_000)
  await sink.close()
}, 120_000)

/** What the sink has a request of beyond those that earlier kills account for, and the store does not know as settled. */
async function receivedButUnsettled(
  sender: Sender,
  sink: Sink,
  hits: ReadonlyMap<string, number>,
): Promise<string[]> {
  const unsettled = [...(await all(sender, 'delivering')), ...(await all(sender, 'pending'))]
  return unsettled
    .map((delivery) => delivery.messageId)
    .filter((id) => (sink.counts.get(id) ?? 0) > (hits.get(id) ?? 0))
}

async function all(sender: Sender, status: Delivery['status']): Promise<Delivery[]> {
  const found: Delivery[] = []
  let cursor: string | undefined
  do {
    const page = await sender.deliveries.list({ status, limit: 500, ...(cursor && { cursor }) })
    found.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}
