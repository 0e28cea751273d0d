import { afterAll, beforeAll, expect, it } from 'vitest'
import { drained, events } from '../lib/deliveries'
import { type Sink, startSink } from '../lib/sink'
import { type Bed, type PgSender, startBed } from './bed'
import { startHost } from './processes'

const options = {
  timeout: '500ms',
  worker: { concurrency: 10, perEndpoint: 10, lease: '1s', pollInterval: '100ms' },
} as const
const atOnce = 4

interface Death {
  readonly nth: number
  /** As the statement would begin; otherwise as it is done. */
  readonly before: boolean
}

interface Round {
  readonly died: boolean
  readonly committed: readonly string[]
  readonly received: readonly string[]
}

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

/** Dies at the first statement, the second and so on, until one that is never reached. Answers how often it died. */
async function atEvery(round: (death: Death) => Promise<Round>): Promise<number> {
  let deaths = 0
  for (let nth = 1; ; nth += atOnce / 2) {
    const near = Array.from({ length: atOnce }, (_, index) => ({
      nth: nth + Math.floor(index / 2),
      before: index % 2 === 0,
    }))
    const rounds = await Promise.all(near.map(round))
    for (const [index, { committed, received }] of rounds.entries())
      expect(received, JSON.stringify(near[index])).toEqual(committed)
    deaths += rounds.filter(({ died }) => died).length
    if (rounds.some(({ died }) => !died)) return deaths
  }
}

async function producing(death: Death, inTransaction: boolean): Promise<Round> {
  const sink = await startSink()
  const { schema, sender } = await bed.fresh(sink.url, 1, options)
  const facts = `${schema}_facts`
  await bed.pool.query(`CREATE TABLE ${facts} (id text PRIMARY KEY)`)
  const produce = { first: 0, count: 1, types: 1, inTransaction, facts }
  const host = await startHost({ url: bed.url, schema, options, produce, dieAt: death })
  const report = await host.report
  await host.kill()
  await sender.deliverDue()
  const facted = inTransaction
    ? await bed.pool.query(`SELECT id FROM ${facts}`)
    : await bed.pool.query(`SELECT id FROM ${schema}.events`)
  const committed = facted.rows.map(({ id }) => String(id))
  // What `send` had answered for is committed in any case.
  for (const id of report?.sent ?? []) expect(committed).toContain(id)
  await sender.stop()
  return { died: report === undefined, committed, received: await receivedBy(sink) }
}

async function working(death: Death): Promise<Round> {
  const sink = await startSink({ delayMs: () => 5 })
  const { schema, sender } = await bed.fresh(sink.url, 2, options)
  const all = events(8, 2)
  await sender.sendMany(all.slice(0, 4))
  await bed.record(schema, all.slice(4))
  const host = await startHost({ url: bed.url, schema, options, dieAt: death })
  let died = false
  void host.ended.then(() => {
    died = true
  })
  await Promise.race([host.ended, drained(sender)])
  const first = died
  await host.kill()
  await finished(sender)
  const { succeeded } = await sender.statistics()
  expect(succeeded).toBe(all.length)
  await sender.stop()
  return { died: first, committed: all.map(({ id }) => id), received: await receivedBy(sink) }
}

/** Takes over what the dead left, once its leases have run out. */
async function finished(sender: PgSender): Promise<void> {
  for (let passes = 0; passes < 40; passes += 1) {
    await sender.deliverDue()
    const { succeeded } = await sender.statistics()
    if (succeeded === 8) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function receivedBy(sink: Sink): Promise<string[]> {
  await sink.close()
  return [...sink.counts.keys()].sort()
}

it('of a process killed at any statement of a direct send, what was committed is delivered, and nothing else', async () => {
  const deaths = await atEvery((death) => producing(death, false))
  console.log({ of: 'send', deaths })
  expect(deaths).toBeGreaterThanOrEqual(2)
}, 120_000)

it('of a process killed at any statement of a transaction, what was committed is delivered, and what was rolled back is never sent', async () => {
  const deaths = await atEvery((death) => producing(death, true))
  console.log({ of: 'transaction', deaths })
  expect(deaths).toBeGreaterThanOrEqual(4)
}, 120_000)

it('of a worker killed at any statement, all that was committed is delivered', async () => {
  const deaths = await atEvery(working)
  console.log({ of: 'worker', deaths })
  expect(deaths).toBeGreaterThanOrEqual(6)
}, 120_000)
