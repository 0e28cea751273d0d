import { connect, createServer, Socket } from 'node:net'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { resolveNetworkPolicy, undiciTransport } from '../packages/sender/src/lib/network/index'
import type { Dial } from '../packages/sender/src/lib/network/transport/dial'

/** Names of one private network, 10.20.0.0/16, and one name beside it. */
const hosts = {
  'open.example': '10.20.0.1',
  'closed.example': '10.20.0.2',
  'silent.example': '10.20.0.3',
  'mute.example': '10.20.0.5',
  'shut.example': '10.20.0.6',
  'reset.example': '10.20.0.7',
  'beside.example': '10.30.0.4',
} as const
type Host = keyof typeof hosts

const timeoutMs = 400
const delayMs = 200
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()))
})

/** The private network: one port answers, one refuses, one drops what is sent to it, one accepts and says nothing, two hang up. */
async function privateNetwork() {
  const dialled: string[] = []
  const open = createServer((socket) => {
    socket
      .resume()
      .on('error', () => {})
      .end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  const port = await listening(open)
  const quiet = async (serve: (socket: Socket) => void): Promise<number> => {
    const server = createServer((socket) => serve(socket.resume().on('error', () => {})))
    ends.push(() => new Promise((done) => server.close(done)))
    return listening(server)
  }
  const closed = createServer()
  const closedPort = await listening(closed)
  await new Promise((done) => closed.close(done))
  ends.push(() => new Promise((done) => open.close(done)))
  const ports = new Map<string, number>([
    [hosts['open.example'], port],
    [hosts['mute.example'], await quiet(() => {})],
    [hosts['shut.example'], await quiet((socket) => socket.end())],
    [hosts['reset.example'], await quiet((socket) => socket.resetAndDestroy())],
  ])
  const dial: Dial = ({ addresses: [address = ''] }) => {
    dialled.push(address)
    if (address === hosts['silent.example']) return new Socket()
    const socket = connect({ host: '127.0.0.1', port: ports.get(address) ?? closedPort })
    Object.defineProperty(socket, 'remoteAddress', { get: () => address })
    return socket
  }
  return { dial, dialled }
}

function listening(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      done(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

async function bench(allowAddresses: readonly string[]) {
  const { dial, dialled } = await privateNetwork()
  const lookup = async (name: string) =>
    Object.entries(hosts).flatMap(([host, ip]) => (host === name ? [ip] : []))
  const network = { allowHttp: true, allowAddresses, lookup }
  const transport = undiciTransport({ policy: resolveNetworkPolicy(network), dial })
  const lines: string[] = []
  const line = (fields: object) => lines.push(JSON.stringify(fields))
  const sender = createSender({
    store: memoryStore(),
    network,
    transport,
    timeout: `${timeoutMs}ms`,
    retry: { schedule: ['0s', `${delayMs}ms`], jitter: 0 },
    worker: { pollInterval: '10ms' },
    logger: { debug: line, info: line, warn: line, error: line },
  })
  await sender.migrate()
  ends.push(() => sender.stop({ timeout: '0s' }))
  return { sender, dialled, lines }
}

type Sender = Awaited<ReturnType<typeof bench>>['sender']

/** All that the owner of an endpoint sees of it and its deliveries, without ids and times; and how long things took. */
async function seen(sender: Sender, host: Host) {
  const owner = sender.tenant(host.replace('.', '-'))
  const { endpoint } = await owner.endpoints.create({ url: `http://${host}/hook` })
  await owner.send({ type: 'run.completed', data: { n: 1 } })
  const stages: object[] = []
  for (const status of ['delivering', 'pending', 'delivering', 'failed'] as const) {
    stages.push(await stage(owner, endpoint.id, status))
    if ((await owner.deliveries.list({ status: 'succeeded' })).items.length > 0) break
  }
  const [delivery] = (await owner.deliveries.list()).items
  const attempts = await owner.deliveries.attempts(delivery?.id ?? '')
  const [first, second] = attempts
  return {
    facts: {
      stages,
      attempts: attempts.map(({ startedAt: _at, requestHeaders: _ids, ...rest }) => rest),
    },
    gap: (second?.startedAt.getTime() ?? 0) - (first?.startedAt.getTime() ?? 0),
    last: (delivery?.finishedAt?.getTime() ?? 0) - (attempts.at(-1)?.startedAt.getTime() ?? 0),
  }
}

/** Waits for a status, at most for a second: none is missed by a tenant who looks often. */
async function stage(owner: ReturnType<Sender['tenant']>, endpointId: string, status: string) {
  const end = performance.now() + 1_000
  for (;;) {
    const [delivery] = (await owner.deliveries.list()).items
    if (
      delivery?.status === status ||
      delivery?.finishedAt !== undefined ||
      performance.now() > end
    ) {
      const { health } = await owner.endpoints.get(endpointId)
      const { reason, attempts, lastStatus } = delivery ?? {}
      return { status: delivery?.status, reason, attempts, lastStatus, health }
    }
    await new Promise((wake) => setTimeout(wake, 2))
  }
}

describe('where private ranges are forbidden', () => {
  it('every private target reads the same to a tenant, and none is dialled', async () => {
    const { sender, dialled, lines } = await bench([])
    sender.start()
    const views = await Promise.all(
      (['open.example', 'closed.example', 'silent.example', 'beside.example'] as const).map(
        (host) => seen(sender, host),
      ),
    )
    for (const { facts } of views) {
      const timeless = JSON.stringify(facts).replace(/"durationMs":\d+/g, '')
      expect(timeless).toBe(JSON.stringify(views[0]?.facts).replace(/"durationMs":\d+/g, ''))
      expect(timeless).not.toMatch(/\b10\.|private/)
    }
    expect(dialled).toEqual([])
    expect(lines.join()).toContain('10.30.0.4')
  })
})

describe('where a private range is open', () => {
  it('blocked, refused, dropped, hung up on and unanswered read the same to a tenant, down to the time they take', async () => {
    const { sender, dialled, lines } = await bench(['10.20.0.0/16'])
    sender.start()
    const [closed, ...others] = await Promise.all(
      (
        [
          'closed.example',
          'silent.example',
          'mute.example',
          'shut.example',
          'reset.example',
          'beside.example',
        ] as const
      ).map((host) => seen(sender, host)),
    )
    for (const other of others) expect(other.facts).toEqual(closed?.facts)
    expect(closed?.facts.attempts).toEqual([
      expect.objectContaining({ outcome: 'network', durationMs: timeoutMs }),
      expect.objectContaining({ outcome: 'network', durationMs: timeoutMs }),
    ])
    for (const view of [closed, ...others]) {
      expect(view?.gap).toBeGreaterThanOrEqual(timeoutMs + delayMs - 10)
      expect(view?.gap).toBeLessThan(timeoutMs + delayMs + 300)
      expect(view?.last).toBeGreaterThanOrEqual(timeoutMs - 10)
    }
    expect(dialled).not.toContain('10.30.0.4')
    expect(lines.join()).toContain('10.30.0.4')
  })

  it('the operator sees which was blocked', async () => {
    const { sender } = await bench(['10.20.0.0/16'])
    await sender.endpoints.create({ url: 'http://beside.example/hook' })
    await sender.send({ type: 'run.completed', data: {} })
    await sender.deliverDue()
    const [delivery] = (await sender.operator.deliveries.list()).items
    const id = delivery?.id ?? ''
    expect(await sender.operator.deliveries.attempts({ tenantId: 'default', id })).toMatchObject([
      { outcome: 'forbidden_address' },
    ])
    expect(await sender.deliveries.attempts(id)).toMatchObject([{ outcome: 'network' }])
  })

  it('what answers is delivered to', async () => {
    const { sender, dialled } = await bench(['10.20.0.0/16'])
    await sender.endpoints.create({ url: 'http://open.example/hook' })
    await sender.send({ type: 'run.completed', data: {} })
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(dialled).toEqual(['10.20.0.1'])
  })
})
