import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AttemptOutcome, Transport } from '../../packages/sender/src/lib/ports/transport'
import { type Expected, type Fault, faults } from './faults'
import { attempt, openTransport, timed, until, watchUncaught } from './harness'
import { type RawServer, rawServer } from './raw-server'

let server: RawServer
let transport: Transport
let uncaught: ReturnType<typeof watchUncaught>

beforeAll(() => {
  uncaught = watchUncaught()
})
afterEach(async () => {
  await transport.close()
  expect(await until(() => server.open() === 0)).toBe(true)
  await server.close()
})
afterAll(() => {
  uncaught.stop()
  expect(uncaught.seen).toEqual([])
})

describe('an endpoint that', () => {
  it.each(faults.map((fault) => [fault.id, fault.title, fault] as const))(
    '%s %s',
    async (_id, _title, fault) => {
      server = await rawServer(fault.serve)
      transport = openTransport()
      const request = attempt(`http://127.0.0.1:${server.port}/in`, fault.request)
      const { outcome, tookMs } = await timed(transport, request)
      expectOutcome(outcome, fault.expect)
      expect(fault.check?.(outcome) ?? true).toBe(true)
      expect(tookMs).toBeLessThan(fault.within ?? request.timeoutMs + 600)
      await stillServes(fault)
    },
  )
})

// One fault must not spoil the next attempt to a sound endpoint.
async function stillServes(fault: Fault): Promise<void> {
  const sound = await rawServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))
  })
  const outcome = await transport.send(attempt(`http://127.0.0.1:${sound.port}/${fault.id}`))
  await sound.close()
  expect(outcome).toMatchObject({ kind: 'response', status: 204 })
}

function expectOutcome(outcome: AttemptOutcome, expected: Expected): void {
  if ('errorClass' in expected) {
    const code =
      typeof expected.code === 'string' ? expected.code : expect.stringMatching(expected.code)
    expect(outcome).toMatchObject({ kind: 'error', errorClass: expected.errorClass, code })
    return
  }
  expect(outcome).toMatchObject({ kind: 'response', status: expected.status })
  if (outcome.kind !== 'response') return
  if (expected.body !== undefined)
    expect(Buffer.from(outcome.body).toString('latin1')).toBe(expected.body)
  if (expected.truncated !== undefined) expect(outcome.truncated).toBe(expected.truncated)
  const { bodyError } = expected
  if (bodyError === undefined) expect(outcome.bodyError).toBeUndefined()
  else if (typeof bodyError === 'string') expect(outcome.bodyError).toBe(bodyError)
  else expect(outcome.bodyError).toMatch(bodyError)
}
