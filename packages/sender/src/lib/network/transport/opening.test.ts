import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ConnectFailure } from './failure'
import { type ConnectContext, Opening } from './opening'
import type { Target } from './route'
import { createSecure } from './secure'
import { realTimers } from './timers'

const target: Target = {
  key: 'http://a.example',
  origin: 'http://a.example',
  hostname: 'a.example',
  port: 80,
  secure: false,
}

/** A socket whose events are the test's, with a peer. */
function fakeSocket(peer: string | undefined): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { get: () => peer })
}

function opening(socket: Socket, changes: Partial<ConnectContext> = {}) {
  const context: ConnectContext = {
    vet: async () => ['1.1.1.1'],
    dial: () => socket,
    secure: createSecure({}),
    development: false,
    timers: realTimers,
    http2: false,
    ...changes,
  }
  return new Opening(context, target)
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'connected',
    (error: unknown) => (error instanceof ConnectFailure ? error.failure : error),
  )

const soon = () => new Promise((wake) => setImmediate(wake))

describe('Opening', () => {
  it.each(['1.1.1.1', '::ffff:1.1.1.1'])('connects, to a peer that shows as %s', async (peer) => {
    const socket = fakeSocket(peer)
    const run = opening(socket).run()
    await soon()
    socket.emit('connect')
    expect(await run).toBe(socket)
    expect(socket.listenerCount('error')).toBeGreaterThan(0)
    expect(socket.destroyed).toBe(false)
  })

  it.each<[string | undefined, string]>([
    ['1.1.1.2', 'forbidden_address'],
    ['127.0.0.1', 'forbidden_address'],
    ['nonsense', 'forbidden_address'],
    [undefined, 'network'],
  ])('refuses a peer that shows as %s', async (peer, errorClass) => {
    const socket = fakeSocket(peer)
    const run = failureOf(opening(socket).run())
    await soon()
    socket.emit('connect')
    expect(await run).toMatchObject({ errorClass })
    expect(socket.destroyed).toBe(true)
  })

  it('canceled during the lookup dials nothing', async () => {
    let dialled = 0
    let found: (addresses: readonly string[]) => void = () => {}
    const slow = opening(new Socket(), {
      vet: () =>
        new Promise((resolve) => {
          found = resolve
        }),
      dial: () => {
        dialled++
        return new Socket()
      },
    })
    const run = failureOf(slow.run())
    slow.cancel()
    found(['1.1.1.1'])
    expect(await run).toMatchObject({ errorClass: 'dns' })
    expect(dialled).toBe(0)
  })

  it('canceled while dialling drops the socket', async () => {
    const socket = fakeSocket('1.1.1.1')
    const dialling = opening(socket)
    const run = failureOf(dialling.run())
    await soon()
    expect(dialling.tooLate).toMatchObject({ errorClass: 'timeout', code: 'deadline' })
    dialling.cancel()
    expect(await run).toMatchObject({ errorClass: 'network' })
    expect(socket.destroyed).toBe(true)
  })

  it('says nothing of a private target, but in development', async () => {
    const inside = { vet: async () => ['10.0.0.1'] }
    for (const [development, code] of [
      [false, 'unreachable'],
      [true, 'ECONNREFUSED'],
    ] as const) {
      const socket = fakeSocket('10.0.0.1')
      const run = failureOf(opening(socket, { ...inside, development }).run())
      await soon()
      socket.emit(
        'error',
        Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), { code: 'ECONNREFUSED' }),
      )
      expect(await run).toMatchObject({
        errorClass: 'network',
        code,
        message: 'The endpoint could not be reached.',
        detail: expect.stringContaining('10.0.0.1'),
      })
    }
  })

  it('a dial that throws is a failure like any other', async () => {
    const broken = opening(new Socket(), {
      dial: () => {
        throw new RangeError('port')
      },
    })
    expect(await failureOf(broken.run())).toMatchObject({
      errorClass: 'network',
      code: 'not_connected',
    })
  })
})
