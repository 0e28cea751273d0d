import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from '../lib/load.mjs'
import { startResponder } from '../lib/server.mjs'
import { quantile } from '../lib/statistics.mjs'

const concurrency = 100
const note = 'x'.repeat(800)
let count = 0

function event() {
  count += 1
  return {
    id: `evt_${count}`,
    type: 'run.completed',
    timestamp: new Date().toISOString(),
    data: { runId: `run_${count}`, note },
  }
}

const events = (length) => Array.from({ length }, event)

/** One scenario of one stack, on a fresh folder. */
export async function run({ stack, scenario, ...settings }) {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
  const { open } = await import(new URL(`stacks/${stack}.mjs`, import.meta.url))
  try {
    return await scenarios[scenario]((given) => open({ folder, concurrency, ...given }), settings)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const scenarios = { drain, single, latency }

/** So many events written in bulk, then delivered: rates, CPU time of this process per delivery, memory. */
async function drain(open, { total }) {
  const server = await startResponder()
  let delivered = 0
  let finished
  const all = new Promise((resolve) => {
    finished = resolve
  })
  const onDelivered = () => {
    delivered += 1
    if (delivered === total) finished()
  }
  const stack = await open({ origin: server.origin, onDelivered })
  const writing = performance.now()
  for (let left = total; left > 0; left -= 500) await stack.sendMany(events(Math.min(left, 500)))
  const cpu = process.cpuUsage()
  const began = performance.now()
  stack.start()
  await all
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const { rss } = process.memoryUsage()
  await stack.close()
  await server.close()
  return {
    perSecond: total / seconds,
    cpuMicros: (user + system) / total,
    bulkPerSecond: total / ((began - writing) / 1_000),
    rssMb: rss / 2 ** 20,
  }
}

/** 50 callers of `send`, each waiting for its own; nothing delivers meanwhile. */
async function single(open, { ms }) {
  const stack = await open({ origin: 'http://127.0.0.1:9', onDelivered: () => {} })
  const figures = await load(() => stack.send(event()), { lanes: 50, ms })
  await stack.close()
  return figures
}

/** From `send()` to the request at the endpoint, at a steady rate, in milliseconds. The endpoint is in this process: one clock. */
async function latency(open, { rate, ms }) {
  const sentAt = new Map()
  const took = []
  const endpoint = await startEndpoint((id, at) => {
    took.push(at - sentAt.get(id))
    sentAt.delete(id)
  })
  const stack = await open({ origin: endpoint.origin, onDelivered: () => {} })
  stack.start()
  const total = Math.ceil((rate * ms) / 1_000)
  const began = performance.now()
  for (let sent = 0; sent < total; sent += 1) {
    await until(began + (sent * 1_000) / rate)
    const next = event()
    sentAt.set(next.id, performance.now())
    void stack.send(next)
  }
  await until(performance.now() + 500)
  await stack.close()
  endpoint.close()
  // What connects and compiles at first is not the steady state.
  const steady = took.slice(Math.min(rate, took.length / 4))
  return { p50: quantile(steady, 0.5), p99: quantile(steady, 0.99), lost: sentAt.size }
}

function until(time) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())))
}

function startEndpoint(onRequest) {
  const server = createServer({ noDelay: true }, (socket) => {
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
      const head = text.indexOf('\r\n\r\n')
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
      if (head === -1 || text.length < head + 4 + length) return
      onRequest(/\r\nwebhook-id: (\S+)/i.exec(text)?.[1], performance.now())
      text = ''
      socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    })
    socket.on('error', () => socket.destroy())
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() })
    })
  })
}
