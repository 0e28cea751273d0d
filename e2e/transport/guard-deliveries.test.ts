import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkAddress, type Lookup } from '../../packages/sender/src/lib/network/index'
import { guardCases, verdictOf } from '../../packages/sender/src/lib/network/vectors/cases'
import { type Delivering, delivering } from './delivering'
import { openTransport, watchUncaught } from './harness'
import { answer, type RawServer, rawServer } from './raw-server'
import { dialTo, type StubDial } from './stub-dial'

/**
 * Each case of the corpus as a delivery from `send` to the log. The endpoint was registered with a sound URL, and its row says another one since:
 * whoever gets past `endpoints.create`, the guard at the connection stands by itself.
 */

const registered = 'http://sound.example/hook'
const publicAddress = '93.184.216.34'
const uncaught = watchUncaught()
let server: RawServer
let stub: StubDial
let host: Delivering

beforeAll(async () => {
  server = await rawServer(answer('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'))
})
afterEach(() => host.stop())
afterAll(async () => {
  await server.close()
  uncaught.stop()
  expect(uncaught.seen).toEqual([])
})

function open(lookup: Lookup): void {
  stub = dialTo(() => server.port)
  const network = { allowHttp: true, lookup }
  host = delivering(openTransport(network, { dial: stub.dial }), {}, { network })
}

const deliver = (url: string) => host.deliver(url, registered)
const healthy = { status: 'enabled', health: 'healthy' }
const delivered = { outcome: 'success', status: 'succeeded', endpoint: healthy }
const forbidden = {
  outcome: 'forbidden_address',
  status: 'failed',
  reason: 'forbidden_address',
  endpoint: { status: 'enabled', health: 'failing' },
}
/** No URL that a sender takes: the endpoint is not to blame. */
const refused = { outcome: 'config', status: 'failed', reason: 'config', endpoint: healthy }

describe('a delivery to each address of the corpus', () => {
  const cases = guardCases('ip', 'ip-string')

  it.each(cases.map((each) => [each.id, each.input, verdictOf(each)] as const))(
    '%s %j: %s',
    async (_id, address, verdict) => {
      open(async () => [publicAddress])
      const result = await deliver(`http://${address.includes(':') ? `[${address}]` : address}/`)
      if (verdict === 'allow') expect(result).toEqual(delivered)
      else expect([forbidden, refused]).toContainEqual(result)
      expect(stub.dialled).toHaveLength(verdict === 'allow' ? 1 : 0)
    },
  )
})

describe('a delivery to each URL of the corpus', () => {
  it.each(guardCases('url').map((each) => [each.id, each.input, verdictOf(each), each] as const))(
    '%s %j: %s',
    async (_id, input, verdict, { dns }) => {
      open(async (name) => dns?.[name] ?? [publicAddress])
      // https would need a certificate for each name; what is judged is the same.
      const result = await deliver(input.replace(/^https:/i, 'http:'))
      if (verdict === 'allow') expect(result).toEqual(delivered)
      else expect([forbidden, refused]).toContainEqual(result)
      expect(stub.dialled).toHaveLength(verdict === 'allow' ? 1 : 0)
    },
  )
})

describe('deliveries to each name of the corpus', () => {
  it.each(guardCases('dns').map((each) => [each.id, each.input, each] as const))(
    '%s %s',
    async (_id, input, { answers = [] }) => {
      let turn = 0
      open(async () => answers[turn++] ?? [])
      for (const addresses of answers) {
        const isPublic = addresses.every((address) => checkAddress(address).allowed)
        expect(await deliver(`http://${input}/`)).toEqual(isPublic ? delivered : forbidden)
      }
      expect(turn).toBe(answers.length)
      expect(stub.dialled.every((address) => checkAddress(address).allowed)).toBe(true)
    },
  )
})

it('1,000 deliveries on alternating answers: 500 arrive, 500 are refused, and no forbidden address is dialled', async () => {
  let turn = 0
  open(async () => (turn++ % 2 === 0 ? [publicAddress] : ['169.254.169.254']))
  const seen: Record<string, number> = {}
  for (let count = 0; count < 1_000; count += 1) {
    const { status } = await deliver('http://rebind.example/')
    seen[status] = (seen[status] ?? 0) + 1
  }
  expect(seen).toEqual({ succeeded: 500, failed: 500 })
  expect(stub.dialled).toEqual(Array(500).fill(publicAddress))
})
