import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { Transport } from '../../../packages/sender/src/lib/ports/transport'
import { delivering } from '../../transport/delivering'
import { type Fault, faults } from '../../transport/faults'
import { openTransport, watchUncaught } from '../../transport/harness'
import { watchMemory, watchStalls } from '../lib/watch'

const rounds = 3
const timeoutMs = 5_000
const lateMs = 600
const mostGrowthMb = 32

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

interface Measured {
  readonly id: string
  readonly wrong: boolean
  /** Past its deadline; below zero where it ended before. */
  readonly overMs: number
  readonly growthMb: number
}

/** The servers run in a process of their own: what they send is not our memory. */
async function startServers(): Promise<{ child: ChildProcess; ports: readonly number[] }> {
  const script = fileURLToPath(new URL('./fault-servers.ts', import.meta.url))
  const child = fork(script, { execArgv: ['--import', 'tsx'] })
  const [ports]: unknown[] = await once(child, 'message')
  if (!Array.isArray(ports)) throw new TypeError('the servers did not start')
  return { child, ports: ports.map(Number) }
}

async function socketsOpen(child: ChildProcess): Promise<number> {
  child.send('open?')
  const [open]: unknown[] = await once(child, 'message')
  return Number(open)
}

/** The peer learns of a closed socket a little later. */
async function socketsLeft(child: ChildProcess): Promise<number> {
  for (let turn = 0; turn < 40; turn += 1) {
    if ((await socketsOpen(child)) === 0) return 0
    await new Promise((wake) => setTimeout(wake, 50))
  }
  return socketsOpen(child)
}

/** One delivery to one fault, over a transport that has met all others before. */
async function measure(transport: Transport, fault: Fault, port: number): Promise<Measured> {
  const request = { timeoutMs, ...fault.request }
  const { deliver, attempts } = delivering(transport, request)
  collect()
  const memory = watchMemory()
  const { outcome, status } = await deliver(`http://127.0.0.1:${port}/in`)
  const growthMb = memory.stop()
  const { expect: expected } = fault
  const isSuccess = 'status' in expected && expected.status < 300
  return {
    id: fault.id,
    wrong: (status === 'succeeded') !== isSuccess || (outcome === 'success') !== isSuccess,
    overMs: Math.round((attempts[0]?.tookMs ?? Number.POSITIVE_INFINITY) - request.timeoutMs),
    growthMb,
  }
}

const most = (all: readonly Measured[], by: 'overMs' | 'growthMb') =>
  all.reduce((worst, each) => (each[by] > worst[by] ? each : worst))

it(`${faults.length} faults, ${rounds} times over: each ends by its deadline and ${lateMs} ms, and none makes memory grow`, async () => {
  const uncaught = watchUncaught()
  const { child, ports } = await startServers()
  const transport = openTransport()
  const stalls = watchStalls()
  const measured: Measured[] = []
  // The first round is for code and pools, which stay.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, fault] of faults.entries()) {
      const result = await measure(transport, fault, ports[index] ?? 0)
      if (round > 0) measured.push(result)
    }
  }
  await transport.close()
  const stalledMs = stalls.stop()
  const open = await socketsLeft(child)
  child.disconnect()
  uncaught.stop()
  const latest = most(measured, 'overMs')
  const largest = most(measured, 'growthMb')
  console.log(
    `${measured.length} deliveries: the latest ended ${latest.overMs} ms past its deadline (${latest.id}; the process stood still for ${stalledMs} ms at most), the largest took ${largest.growthMb.toFixed(1)} MB (${largest.id}); ${open} sockets left, ${uncaught.seen.length} uncaught`,
  )
  expect(measured.filter(({ wrong }) => wrong)).toEqual([])
  expect(latest.overMs).toBeLessThan(lateMs + stalledMs)
  expect(largest.growthMb).toBeLessThan(mostGrowthMb)
  expect(open).toBe(0)
  expect(uncaught.seen).toEqual([])
})
