import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { expect, it } from 'vitest'
import { startSink } from './sink'

const origins = 500
const rounds = 10
const perRound = 10_000
const concurrency = 100
/** The transport's own bound on sockets; those in use may come on top. */
const maxSockets = 500

// What the process holds once warm: code, pools, caches by URL. A leak of 1 KB per delivery would add 80 MB to it.
const mostGrowthMb = 16
// The collector takes its time, and memory goes back to the system late.
const mostRssGrowthMb = 128

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const megabytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10

function memory(): { readonly heap: number; readonly rss: number } {
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: megabytes(heapUsed + external), rss: megabytes(rss) }
}

function startSender(urls: readonly string[]) {
  const sender = createSender({
    store: memoryStore(),
    network: { development: true, ports: 'any' },
    worker: { concurrency },
    retention: { events: '1ms', attempts: '1ms' },
  })
  let delivered = 0
  let wanted = { count: Number.POSITIVE_INFINITY, reached: () => {} }
  sender.on('delivery.succeeded', () => {
    delivered += 1
    if (delivered >= wanted.count) wanted.reached()
  })
  return {
    sender,
    delivered: () => delivered,
    async subscribe() {
      await sender.migrate()
      for (const [index, url] of urls.entries()) {
        await sender.endpoints.create({ url, eventTypes: [`bounds.n${index}`] })
      }
    },
    reaches: (count: number) =>
      new Promise<void>((reached) => {
        if (delivered >= count) reached()
        else wanted = { count, reached }
      }),
  }
}

/**
 * Every fifth round begins with bursts to a few endpoints at a time, each of which then has as many sockets as it may: 2,000 in all, if
 * nothing held them back. The rest goes to all endpoints alike.
 */
function batches(round: number) {
  const bursts = round % 5 === 1 ? 20 : 0
  return [
    ...Array.from({ length: bursts }, (_, batch) => events(concurrency, batch * 10, 10)),
    ...Array.from({ length: (perRound - bursts * concurrency) / 500 }, () => events(500, 0, 1)),
  ]
}

/** `burst` for each endpoint from `first` on. */
function events(count: number, first: number, burst: number) {
  return Array.from({ length: count }, (_, index) => ({
    type: `bounds.n${(first + Math.floor(index / burst)) % origins}`,
    data: { index, text: 'x'.repeat(200) },
  }))
}

it(`${rounds * perRound} deliveries to ${origins} endpoints hold a bounded number of sockets and bounded memory`, async () => {
  const sink = await startSink(origins)
  const host = startSender(sink.urls)
  await host.subscribe()
  host.sender.start()
  const began = performance.now()
  const memories: ReturnType<typeof memory>[] = []
  let sent = 0
  for (let round = 1; round <= rounds; round += 1) {
    for (const batch of batches(round)) {
      sent += batch.length
      const done = host.reaches(sent)
      await host.sender.sendMany(batch)
      await done
    }
    // The memory store is the log: without pruning it would grow, as it should.
    await new Promise((resolve) => setTimeout(resolve, 20))
    await host.sender.prune()
    memories.push(memory())
  }
  const seconds = (performance.now() - began) / 1_000
  const { requests, most } = await sink.seen()
  await host.sender.stop()
  // The peer learns of a closed socket a little later.
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { open } = await sink.seen()
  await sink.close()
  const [, warm, ...later] = memories
  const last = later.at(-1)
  if (warm === undefined || last === undefined) throw new Error('too few rounds')
  console.log(
    `${requests} requests in ${seconds.toFixed(1)} s, at most ${most} sockets, ${open} left; heap ${memories.map(({ heap }) => heap).join(', ')} MB; RSS ${warm.rss} → ${last.rss} MB`,
  )
  expect(requests).toBe(rounds * perRound)
  expect(host.delivered()).toBe(requests)
  expect(most).toBeLessThanOrEqual(concurrency + maxSockets)
  expect(open).toBe(0)
  expect(last.heap - warm.heap).toBeLessThan(mostGrowthMb)
  expect(last.rss - warm.rss).toBeLessThan(mostRssGrowthMb)
})
