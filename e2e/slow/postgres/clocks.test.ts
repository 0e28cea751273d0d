import { schemes, verifySignature } from '@posthorn/schema/signature'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drained, events } from '../lib/deliveries'
import { type Received, startSink } from '../lib/sink'
import { type Bed, startBed } from './bed'
import { startHost } from './processes'

const leaseMs = 2_000
const retryMs = 2_000
const options = {
  timeout: '1s',
  worker: { concurrency: 10, perEndpoint: 10, lease: `${leaseMs}ms`, pollInterval: '100ms' },
  retry: { schedule: ['0s', `${retryMs}ms`, '1h'], jitter: 0 },
} as const

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

it('a worker that was stopped past its lease and goes on overwrites no state', async () => {
  const count = 10
  const asked = new Set<string>()
  // The first request of each is never answered: the one who made it will want to record a failure.
  const first = (_path: string, id: string) => {
    const isFirst = !asked.has(id)
    asked.add(id)
    return isFirst ? Number.POSITIVE_INFINITY : 0
  }
  const sink = await startSink({ delayMs: first })
  const { schema, sender } = await bed.fresh(sink.url, 1, options)
  const zombie = await startHost({ url: bed.url, schema, options })
  await sender.sendMany(events(count, 1))
  await sink.afterMore(count)
  zombie.child.kill('SIGSTOP')
  const other = await startHost({ url: bed.url, schema, options })
  await drained(sender)
  const states = () => bed.pool.query(`SELECT * FROM ${schema}.deliveries ORDER BY id`)
  const before = (await states()).rows
  expect(before.map(({ status }) => status)).toEqual(Array(count).fill('succeeded'))
  zombie.child.kill('SIGCONT')
  const late = await logged(`SELECT 1 FROM ${schema}.attempts WHERE outcome <> 'success'`, count)
  const overwritten = (await states()).rows.filter(
    (row, index) => JSON.stringify(row) !== JSON.stringify(before[index]),
  ).length
  console.log({ deliveries: count, lateSettlements: late, overwritten })
  expect(late, 'the stopped worker settled nothing').toBe(count)
  expect(overwritten).toBe(0)
  expect(await sender.statistics()).toMatchObject({ succeeded: count, pending: 0, delivering: 0 })
  await Promise.all([zombie.kill(), other.kill()])
  await sink.close()
}, 90_000)

/** How many rows there are, once there are so many, or 10 s have passed. */
async function logged(sql: string, enough: number): Promise<number> {
  for (let waits = 0; ; waits += 1) {
    const { length } = (await bed.pool.query(sql)).rows
    if (length >= enough || waits === 100) return length
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const hour = 3_600_000

it.each([hour, -hour])(
  'a worker whose clock is %i ms off beside one that is right: nothing early, none twice, every signature in time',
  async (skewMs) => {
    const count = 200
    const refused = new Set<string>()
    const status = (_path: string, id: string) => {
      const isFirst = !refused.has(id)
      refused.add(id)
      return isFirst ? 500 : 200
    }
    const sink = await startSink({ delayMs: () => 10, status })
    const { schema, sender } = await bed.fresh(sink.url, 0, options)
    const created = await sender.endpoints.create({ url: sink.url, eventTypes: ['run.*'] })
    const settings = { url: bed.url, schema, options }
    const workers = await Promise.all([startHost(settings), startHost({ ...settings, skewMs })])
    await sender.sendMany(events(count, 1))
    await drained(sender)
    const reports = await Promise.all(workers.map((worker) => worker.stop()))
    const shares = reports.map((report) => report?.succeeded ?? 0)
    const waits = [...arrivals(sink.received).values()].map(([one = 0, two = 0]) => two - one)
    const unverified = await unverifiedOf(sink.received, created.secret)
    console.log({
      skewMs,
      count,
      requests: sink.received.length,
      shares,
      earliestMs: Math.min(...waits),
      unverified,
    })
    expect(sink.received).toHaveLength(2 * count)
    expect([...sink.counts.values()]).toEqual(Array(count).fill(2))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(retryMs - 1_000)
    expect(Math.min(...shares), 'one of them did nothing').toBeGreaterThan(0)
    expect(unverified).toBe(0)
    await sink.close()
  },
  90_000,
)

function arrivals(received: readonly Received[]): Map<string, number[]> {
  const times = new Map<string, number[]>()
  for (const { id, at } of received) times.set(id, [...(times.get(id) ?? []), at])
  return times
}

async function unverifiedOf(received: readonly Received[], secret: string): Promise<number> {
  let unverified = 0
  for (const { headers, body, at } of received) {
    const request = { headers, body: new Uint8Array(body) }
    const clock = { now: at / 1_000, tolerance: { past: 300, future: 300 } }
    const verdict = await verifySignature(schemes.standard, request, [secret], clock)
    if (!verdict.ok) unverified += 1
  }
  return unverified
}
