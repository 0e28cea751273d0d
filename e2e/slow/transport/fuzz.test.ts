import type { Socket } from 'node:net'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { fakeClock } from '@posthorn/sender/testing'
import { expect, it } from 'vitest'
import type { AttemptOutcome, Transport } from '../../../packages/sender/src/lib/ports/transport'
import { seededRandom } from '../../lib/random'
import { openTransport, until, watchUncaught } from '../../transport/harness'
import { rawServer } from '../../transport/raw-server'
import { watchStalls } from '../lib/watch'

const rounds = Number(process.env.FUZZ_ROUNDS ?? 100_000)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)
const batch = 100
/** Each waits for the slowest of its five at a time, so there are several. */
const hosts = 10
const timeoutMs = 300

const next = seededRandom(seed)
const random = (below: number): number => Math.floor(next() * below)

const seeds = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.0 301 Moved\r\nLocation: /a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
]

function bytes(): Buffer {
  if (random(4) === 0) return Buffer.from(Array.from({ length: random(300) }, () => random(256)))
  const base = Buffer.from(seeds[random(seeds.length)] ?? '', 'latin1')
  const parts = Array.from({ length: 1 + random(3) }, () => mutated(base))
  return Buffer.concat(parts)
}

function mutated(base: Buffer): Buffer {
  let result: Buffer = Buffer.from(base)
  for (let turn = random(4); turn > 0; turn--) {
    const at = random(result.length + 1)
    const how = random(4)
    if (how === 0 && at < result.length) result[at] = random(256)
    else if (how === 1)
      result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + random(5))])
    else if (how === 2)
      result = Buffer.concat([result.subarray(0, at), Buffer.from('\r\n'), result.subarray(at)])
    else
      result = Buffer.concat([
        result.subarray(0, at),
        Buffer.alloc(random(30), 48 + random(75)),
        result.subarray(at),
      ])
  }
  return result
}

function finish(socket: Socket): void {
  const how = random(5)
  if (how === 0) socket.end()
  else if (how === 1) socket.resetAndDestroy()
  else if (how === 2) setTimeout(() => socket.destroy(), random(20))
}

function misbehave(socket: Socket): void {
  if (random(50) === 0) {
    // Read on, or the peer's going would not be seen.
    finish(socket.resume())
    return
  }
  socket.on('data', () => {
    const all = bytes()
    const cut = random(2) === 0 ? all.length : random(all.length + 1)
    socket.write(all.subarray(0, cut))
    if (cut === all.length) {
      finish(socket)
      return
    }
    setImmediate(() => {
      if (!socket.destroyed) socket.write(all.subarray(cut))
      finish(socket)
    })
  })
}

const classes = new Set(['timeout', 'network', 'protocol'])

function isSound(outcome: AttemptOutcome): boolean {
  if (outcome.kind === 'error') return classes.has(outcome.errorClass)
  return outcome.status >= 200 && outcome.status <= 599
}

/** The transport, and what it answered by class and code. */
function watched(transport: Transport) {
  const counts: Record<string, number> = {}
  const unsound: AttemptOutcome[] = []
  const seen = { counts, unsound, sent: 0, slowestMs: 0 }
  const watching: Transport = {
    async send(request) {
      const outcome = await transport.send(request)
      seen.sent += 1
      seen.slowestMs = Math.max(seen.slowestMs, outcome.durationMs)
      if (!isSound(outcome)) unsound.push(outcome)
      const key = outcome.kind === 'error' ? `${outcome.errorClass} ${outcome.code}` : 'response'
      counts[key] = (counts[key] ?? 0) + 1
      return outcome
    },
    // The hosts share it.
    close: async () => {},
  }
  return { watching, seen }
}

/** Its clock stands still: what an answer throttles is waited for at once. One attempt for each event, so that each is of another delivery. */
async function makeHost(transport: Transport, url: string) {
  const clock = fakeClock()
  const sender = createSender({
    store: memoryStore(),
    clock,
    transport,
    timeout: `${timeoutMs}ms`,
    network: { development: true, ports: 'any' },
    retry: { schedule: ['0s'] },
    // However often it fails, it is delivered to at full rate.
    health: { failingShare: 1, probeAfter: '360d', disableAfter: '365d' },
    worker: { concurrency: 5 },
    retention: { events: '1ms', attempts: '1ms' },
  })
  const { endpoint } = await sender.endpoints.create({ url })
  return {
    /** Delivers a batch of events, whatever is answered: 410 disables, 503 throttles. */
    async deliver() {
      const events = Array.from({ length: batch }, () => ({ type: 'run.completed', data: {} }))
      await sender.sendMany(events)
      for (let left = batch; left > 0; ) {
        await sender.deliverDue()
        await clock.advance('6d')
        await sender.endpoints.enable(endpoint.id)
        const { items } = await sender.deliveries.list({ status: 'pending', limit: 1 })
        left = items.length
      }
      const { items } = await sender.deliveries.list({ status: 'delivering' })
      expect(items).toEqual([])
      await sender.prune()
    },
    stop: () => sender.stop({ timeout: '0s' }),
  }
}

it(`random bytes never crash it, hang it or leak a socket (${rounds} deliveries, seed ${seed})`, async () => {
  const uncaught = watchUncaught()
  const stalls = watchStalls()
  const server = await rawServer(misbehave)
  const transport = openTransport()
  const { watching, seen } = watched(transport)
  const lane = async () => {
    const host = await makeHost(watching, `http://127.0.0.1:${server.port}/`)
    while (seen.sent < rounds) await host.deliver()
    await host.stop()
  }
  await Promise.all(Array.from({ length: hosts }, lane))
  await transport.close()
  const stalledMs = stalls.stop()
  const isEmpty = await until(() => server.open() === 0, 3000)
  console.log(
    `seed ${seed}: ${seen.sent} deliveries over ${server.accepted()} sockets, ${server.open()} left; slowest ${seen.slowestMs} ms (the process stood still for ${stalledMs} ms at most); ${uncaught.seen.length} uncaught`,
    seen.counts,
  )
  await server.close()
  uncaught.stop()
  expect(isEmpty).toBe(true)
  expect(seen.unsound).toEqual([])
  // What only times out has fuzzed nothing.
  expect(seen.counts['timeout deadline'] ?? 0).toBeLessThan(rounds / 10)
  expect(seen.slowestMs).toBeLessThan(timeoutMs + 600 + stalledMs)
  expect(uncaught.seen).toEqual([])
})
