import type { Socket } from 'node:net'
import { afterAll, expect, it } from 'vitest'
import type { AttemptOutcome } from '../../../packages/sender/src/lib/ports/transport'
import { attempt, openTransport, until, watchUncaught } from '../../transport/harness'
import { rawServer } from '../../transport/raw-server'

const rounds = Number(process.env.FUZZ_ROUNDS ?? 100_000)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)
const uncaught = watchUncaught()

afterAll(() => uncaught.stop())

/** Mulberry32. */
function generator(start: number): (below: number) => number {
  let state = start
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const random = generator(seed)

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

it(`random bytes never crash it, hang it or leak a socket (${rounds} rounds, seed ${seed})`, async () => {
  const server = await rawServer(misbehave)
  const transport = openTransport()
  const url = `http://127.0.0.1:${server.port}/`
  const counts: Record<string, number> = {}
  let left = rounds
  let slowest = 0
  const lane = async () => {
    while (left-- > 0) {
      const outcome = await transport.send(attempt(url, { timeoutMs: 300 }))
      expect(isSound(outcome), JSON.stringify(outcome)).toBe(true)
      slowest = Math.max(slowest, outcome.durationMs)
      const key = outcome.kind === 'error' ? `${outcome.errorClass} ${outcome.code}` : 'response'
      counts[key] = (counts[key] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 50 }, lane))
  await transport.close()
  console.log(`seed ${seed}, slowest ${slowest} ms`, counts)
  expect(await until(() => server.open() === 0, 3000)).toBe(true)
  await server.close()
  // What only times out has fuzzed nothing.
  expect(counts['timeout deadline'] ?? 0).toBeLessThan(rounds / 10)
  expect(slowest).toBeLessThan(300 + 600)
  expect(uncaught.seen).toEqual([])
})
