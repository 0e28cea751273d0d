import { schemes, verifySignature } from '@posthorn/schema/signature'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { fakeClock } from '@posthorn/sender/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { openTransport } from './harness'
import { onRequest, type RawServer, rawServer } from './raw-server'
import { dialTo, type StubDial } from './stub-dial'

const publicAddress = '93.184.216.34'
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Request {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

function parsed(head: string, body: Uint8Array): Request {
  const [first = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 2),
    ]),
  )
  return { path: first.split(' ')[1] ?? '', headers, body: Uint8Array.from(body) }
}

/** One endpoint that answers with these statuses in turn, then with 204; and a delivery to it that was attempted once. */
async function attemptedOnce(...statuses: readonly number[]) {
  const requests: Request[] = []
  const server: RawServer = await rawServer((socket) =>
    onRequest(socket, (head, body) => {
      requests.push(parsed(head, body))
      const status = statuses[requests.length - 1] ?? 204
      socket.write(`HTTP/1.1 ${status} Said\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    }),
  )
  ends.push(() => server.close())
  const names: Record<string, string> = {
    'moved.example': publicAddress,
    'first.example': publicAddress,
  }
  const network = { allowHttp: true, lookup: async (name: string) => [names[name] ?? '10.0.0.1'] }
  const stub: StubDial = dialTo(() => server.port)
  const clock = fakeClock()
  const sender = createSender({
    store: memoryStore(),
    clock,
    network,
    random: () => 0,
    transport: openTransport(network, { dial: stub.dial }),
  })
  ends.push(() => sender.stop({ timeout: '0s' }))
  const { endpoint, secret } = await sender.endpoints.create({ url: 'http://first.example/one' })
  await sender.send({ type: 'run.completed', data: { runId: 'r1' } })
  await sender.deliverDue()
  const delivery = async () => (await sender.deliveries.list()).items[0]
  return {
    ...{ sender, clock, requests, names, stub, endpoint, secret, delivery },
    async again() {
      await clock.advance('10h')
      await sender.deliverDue()
    },
  }
}

describe('between two attempts', () => {
  it('H1: an endpoint that recovers gets it once', async () => {
    const { again, requests, delivery } = await attemptedOnce(500, 500, 500)
    for (let count = 0; count < 6; count += 1) await again()
    expect(requests).toHaveLength(4)
    expect(await delivery()).toMatchObject({ status: 'succeeded', attempts: 4 })
  })

  it('H4: an endpoint is disabled or deleted: there is no further attempt, and the status says why', async () => {
    const disabled = await attemptedOnce(500)
    await disabled.sender.endpoints.disable(disabled.endpoint.id)
    await disabled.again()
    expect(await disabled.delivery()).toMatchObject({ status: 'skipped', reason: 'disabled' })
    const deleted = await attemptedOnce(500)
    await deleted.sender.endpoints.delete(deleted.endpoint.id)
    await deleted.again()
    expect(await deleted.delivery()).toMatchObject({ status: 'canceled' })
    expect([disabled, deleted].map(({ requests }) => requests.length)).toEqual([1, 1])
  })

  it('H5: the URL is edited: the next goes to the new one, and its address is judged', async () => {
    const { sender, endpoint, again, requests, names, stub, delivery } = await attemptedOnce(
      500,
      500,
    )
    await sender.endpoints.update(endpoint.id, { url: 'http://moved.example/two' })
    await again()
    expect(requests.map(({ path, headers }) => [headers.host, path])).toEqual([
      ['first.example', '/one'],
      ['moved.example', '/two'],
    ])
    names['moved.example'] = '169.254.169.254'
    await again()
    expect(await delivery()).toMatchObject({ status: 'failed', reason: 'forbidden_address' })
    expect(stub.dialled).toEqual([publicAddress, publicAddress])
  })

  it('H6: the secret is rotated: the next is signed with all that are valid, at its own time, under the same id', async () => {
    const { sender, endpoint, again, clock, requests, secret } = await attemptedOnce(500)
    const rotated = await sender.endpoints.rotateSecret(endpoint.id, { overlap: '24h' })
    await again()
    const [first, second] = requests
    if (first === undefined || second === undefined) throw new Error('two attempts were expected')
    const idAndTime = ({ headers }: Request) => [
      headers['webhook-id'],
      headers['webhook-timestamp'],
    ]
    expect(idAndTime(first)[0]).toBe(idAndTime(second)[0])
    expect(Number(idAndTime(second)[1]) - Number(idAndTime(first)[1])).toBe(10 * 3_600)
    expect(first.body).toEqual(second.body)
    const now = Math.floor(clock.now() / 1_000)
    const tolerance = { past: 0, future: 0 }
    const isBy = async (key: string, { headers, body }: Request, at: number) =>
      (await verifySignature(schemes.standard, { headers, body }, [key], { now: at, tolerance })).ok
    expect(await isBy(secret, second, now)).toBe(true)
    expect(await isBy(rotated.secret, second, now)).toBe(true)
    expect(await isBy(rotated.secret, first, now - 36_000)).toBe(false)
  })
})
