import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AttemptOutcome, Transport } from '../../packages/sender/src/lib/ports/transport'
import { type Delivered, delivering } from './delivering'
import { type Expected, type Fault, faults } from './faults'
import { attempt, openTransport, until, watchUncaught } from './harness'
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

// Far off: a row that waits for its deadline sets its own.
const timeoutMs = 5_000

describe('an endpoint that', () => {
  it.each(faults.map((fault) => [fault.id, fault.title, fault] as const))(
    '%s %s',
    async (_id, _title, fault) => {
      server = await rawServer(fault.serve)
      transport = openTransport()
      const request = { timeoutMs, ...fault.request }
      const { deliver, attempts } = delivering(transport, request)
      const delivered = await deliver(`http://127.0.0.1:${server.port}/in`)
      const [made, ...more] = attempts
      if (made === undefined) throw new Error('no attempt was made')
      expect(more).toEqual([])
      expectOutcome(made.outcome, fault.expect)
      expect(fault.check?.(made.outcome) ?? true).toBe(true)
      expect(made.tookMs).toBeLessThan(fault.within ?? request.timeoutMs + 600)
      expect(delivered).toEqual(decision(fault.expect))
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

const throttling = new Set([429, 502, 503, 504])

/** What the list says becomes of the delivery: a 2xx is never a failure, all else is tried again on the schedule, but for 410. */
function decision(expected: Expected): Delivered {
  const enabled = { status: 'enabled', health: 'failing' } as const
  const retryInMs = 5_000
  if ('errorClass' in expected)
    return { outcome: expected.errorClass, status: 'pending', retryInMs, endpoint: enabled }
  const { status, retryAfterMs } = expected
  if (status < 300)
    return {
      outcome: 'success',
      status: 'succeeded',
      endpoint: { status: 'enabled', health: 'healthy' },
    }
  if (status === 410) {
    const endpoint = { status: 'disabled', disabledReason: 'gone', health: 'healthy' } as const
    return { outcome: 'http', status: 'failed', reason: 'gone', endpoint }
  }
  const waitMs = status < 400 ? retryInMs : (retryAfterMs ?? retryInMs)
  const throttled = throttling.has(status) ? { throttledForMs: waitMs } : {}
  const endpoint = { ...enabled, ...throttled }
  return { outcome: 'http', status: 'pending', retryInMs: waitMs, endpoint }
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
