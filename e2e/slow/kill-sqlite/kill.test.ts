import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSender, type Delivery, type Sender } from '@posthorn/sender'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { afterAll, expect, it } from 'vitest'
import { leaseMs, workerOptions } from './settings'
import { type Sink, startSink } from './sink'

const deliveries = 2_000
const kills = 20
const endpoints = 4
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const random = mulberry32(seed)
const folder = await mkdtemp(join(tmpdir(), 'posthorn-kill-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it(`loses nothing when the worker is killed ${kills} times over ${deliveries} deliveries`, async () => {
  const sink = await startSink(() => 5 + Math.floor(random() * 25))
  const file = join(folder, 'posthorn.db')
  const store = sqliteStore(await openSqlite(file))
  const sender = createSender({ store, ...workerOptions })
  await fill(sender, sink)

  const hits = new Map<string, number>()
  let worker = await startWorker(file)
  for (let kill = 0; kill < kills; kill += 1) {
    await sink.afterMore(20 + Math.floor(random() * 60))
    await killed(worker)
    await sink.quiet()
    for (const id of await receivedButUnsettled(sender, sink, hits))
      hits.set(id, (hits.get(id) ?? 0) + 1)
    worker = await startWorker(file)
  }
  const drainedMs = await drained(sender)
  await killed(worker)

  const counts = [...sink.received.values()]
  const duplicates = counts.reduce((sum, count) => sum + count - 1, 0)
  const hit = [...hits.values()].reduce((sum, count) => sum + count, 0)
  const lost = deliveries - sink.received.size
  console.log({
    seed,
    deliveries,
    kills,
    received: sink.total(),
    lost,
    duplicates,
    receivedButUnsettled: hit,
    drainedMs,
    leaseMs,
  })
  expect(lost).toBe(0)
  expect(await sender.statistics()).toMatchObject({
    succeeded: deliveries,
    pending: 0,
    delivering: 0,
    failed: 0,
  })
  for (const [id, count] of sink.received)
    expect(count, id).toBeLessThanOrEqual(1 + (hits.get(id) ?? 0))
  expect(drainedMs).toBeLessThanOrEqual(leaseMs + 5_000)
  await sink.close()
  await store.close()
})

async function fill(sender: Sender, sink: Sink): Promise<void> {
  await sender.migrate()
  for (let index = 0; index < endpoints; index += 1) {
    await sender.endpoints.create({
      url: `http://127.0.0.1:${sink.port}/${index}`,
      eventTypes: [`run.${index}`],
    })
  }
  const events = Array.from({ length: deliveries }, (_, index) => ({
    type: `run.${index % endpoints}`,
    data: { index, padding: 'x'.repeat(900) },
  }))
  await sender.sendMany(events)
}

/** What the sink has a request of beyond those that earlier kills account for, and the store does not know as settled. */
async function receivedButUnsettled(
  sender: Sender,
  sink: Sink,
  hits: ReadonlyMap<string, number>,
): Promise<string[]> {
  const unsettled = [...(await all(sender, 'delivering')), ...(await all(sender, 'pending'))]
  return unsettled
    .map((delivery) => delivery.messageId)
    .filter((id) => (sink.received.get(id) ?? 0) > (hits.get(id) ?? 0))
}

async function all(sender: Sender, status: Delivery['status']): Promise<Delivery[]> {
  const found: Delivery[] = []
  let cursor: string | undefined
  do {
    const page = await sender.deliveries.list({
      status,
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    })
    found.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

async function drained(sender: Sender): Promise<number> {
  const began = performance.now()
  for (;;) {
    const { pending, delivering } = await sender.statistics()
    const ms = Math.round(performance.now() - began)
    if (pending + delivering === 0 || ms > 60_000) return ms
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function startWorker(file: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const worker = fork(script, [file], { execArgv: ['--import', 'tsx'] })
  await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('exit', (code) => reject(new RangeError(`the worker ended with ${code}`)))
  })
  return worker
}

async function killed(worker: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => worker.once('exit', resolve))
  worker.kill('SIGKILL')
  await exit
}

/** A small seeded generator, so that a run can be repeated: SEED=… */
function mulberry32(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
