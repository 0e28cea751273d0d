import type { Sender } from '@posthorn/sender'
import { expect } from 'vitest'
import { seededRandom } from '../../lib/random'
import { createEndpoints, deliveriesOf, drained, events } from './deliveries'
import { leaseMs } from './kill-options'
import { type Sink, startSink } from './sink'

const [deliveries, kills, endpoints] = [2_000, 20, 4]

export const survivesKills = `loses nothing when the worker is killed ${kills} times over ${deliveries} deliveries`

/** A database with a migrated sender that only manages, and processes that deliver from it. */
export interface Host {
  readonly sender: Sender
  /** Resolves once the process delivers. */
  startWorker(): Promise<Worker>
}

export interface Worker {
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>
}

/** How often a message was received by a worker that died before it could settle it: so often it may come again. */
type Hits = Map<string, number>

/** Kills one worker after the other in mid-delivery; what each request meant is counted at the receiver. */
export async function killStorm({ sender, startWorker }: Host): Promise<void> {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  const random = seededRandom(seed)
  const sink = await startSink({ delayMs: () => 5 + Math.floor(random() * 25) })
  await createEndpoints(sender, sink.url, endpoints)
  await sender.sendMany(events(deliveries, endpoints))

  const hits: Hits = new Map()
  let worker = await startWorker()
  for (let kill = 0; kill < kills; kill += 1) {
    await sink.afterMore(20 + Math.floor(random() * 60))
    await worker.kill()
    await sink.quiet()
    await note(hits, sender, sink)
    worker = await startWorker()
  }
  const drainedMs = await drained(sender)
  await worker.kill()
  await sink.close()
  await judge({ seed, drainedMs, hits, sender, sink })
}

/** What the sink has a request of beyond those that earlier kills account for, and the store does not know as settled. */
async function note(hits: Hits, sender: Sender, sink: Sink): Promise<void> {
  const unsettled = [
    ...(await deliveriesOf(sender, 'delivering')),
    ...(await deliveriesOf(sender, 'pending')),
  ]
  for (const { messageId } of unsettled) {
    const known = hits.get(messageId) ?? 0
    if ((sink.counts.get(messageId) ?? 0) > known) hits.set(messageId, known + 1)
  }
}

interface Storm {
  readonly seed: number
  readonly drainedMs: number
  readonly hits: Hits
  readonly sender: Sender
  readonly sink: Sink
}

async function judge({ seed, drainedMs, hits, sender, sink }: Storm): Promise<void> {
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
}
