import { createServer, connect as dial, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seededRandom } from '../../lib/random'
import { drained } from '../lib/deliveries'
import { startSink } from '../lib/sink'
import { type Bed, type PgSender, startBed } from './bed'
import { startHost } from './processes'

const [crashes, endpoints] = [10, 4]
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const random = seededRandom(seed)
const options = {
  timeout: '1s',
  worker: { concurrency: 20, perEndpoint: 10, lease: '3s', pollInterval: '200ms' },
} as const

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

/** Sends until told to end, each event again until it is answered for. */
function producer(sender: PgSender) {
  const sent: string[] = []
  let ended = false
  let refused = 0
  const run = async () => {
    while (!ended) {
      const first = sent.length
      const batch = Array.from({ length: 20 }, (_, more) => {
        const index = first + more
        return { id: `e${index}`, type: `run.${index % endpoints}`, data: { index } }
      })
      try {
        await sender.sendMany(batch)
        sent.push(...batch.map(({ id }) => id))
      } catch {
        refused += 1
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const running = run()
  return {
    sent,
    refused: () => refused,
    end: () => {
      ended = true
      return running
    },
  }
}

it(`loses nothing when Postgres crashes ${crashes} times under load, and delivers again within 5 s, in the same process`, async ({
  skip,
}) => {
  const { own } = bed.server
  if (own === undefined) return skip('the server that DATABASE_URL names is not ours to stop')
  const sink = await startSink({ delayMs: () => 5 + Math.floor(random() * 25) })
  const { schema, sender } = await bed.fresh(sink.url, endpoints, options)
  const worker = await startHost({ url: bed.url, schema, options })
  const producing = producer(sender)
  const backMs: number[] = []
  for (let crash = 0; crash < crashes; crash += 1) {
    await sink.afterMore(50 + Math.floor(random() * 50))
    await own.crash()
    await sink.quiet()
    await own.start()
    const began = performance.now()
    await sink.afterMore(1)
    backMs.push(Math.round(performance.now() - began))
  }
  await producing.end()
  const drainedMs = await drained(sender)
  const lost = producing.sent.filter((id) => !sink.counts.has(id)).length
  const duplicates = sink.received.length - sink.counts.size
  const figures = { lost, duplicates, refused: producing.refused(), backMs, drainedMs }
  console.log({ seed, crashes, sent: producing.sent.length, ...figures })
  expect(lost).toBe(0)
  expect(Math.max(...backMs)).toBeLessThanOrEqual(5_000)
  expect(worker.child.exitCode).toBe(null)
  expect((await sender.statistics()).failed).toBe(0)
  await worker.stop()
  await sink.close()
}, 120_000)

it('notices connections that are open on one side only within 30 s, and delivers over others', async () => {
  const sink = await startSink()
  const { schema, sender } = await bed.fresh(sink.url, 1, options)
  const proxy = await startProxy(Number(new URL(bed.url).port))
  const url = new URL(bed.url)
  url.port = String(proxy.port)
  const worker = await startHost({ url: url.href, schema, options })
  await sender.send({ type: 'run.0', data: {} })
  await sink.afterMore(1)
  const silenced = proxy.silence()
  const began = performance.now()
  await sender.send({ type: 'run.0', data: {} })
  await sink.afterMore(1)
  const noticedMs = Math.round(performance.now() - began)
  console.log({ silenced, noticedMs })
  expect(silenced).toBeGreaterThan(0)
  expect(noticedMs).toBeLessThanOrEqual(30_000)
  await drained(sender)
  await worker.kill()
  await Promise.all([proxy.close(), sink.close()])
}, 90_000)

/** A way to the server whose connections can fall silent without being closed; new ones work. */
async function startProxy(port: number) {
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer((client) => {
    const upstream = dial(port, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    pairs.add([client, upstream])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    silence() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream).resume()
        upstream.unpipe(client).resume()
      }
      return pairs.size
    },
    async close() {
      for (const socket of [...pairs].flat()) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
