import { describe, expect, it } from 'vitest'
import { resolveNetworkPolicy } from '../policy'
import { fakeTimers } from './fake-timers'
import { undiciTransport } from './undici-transport'

const policy = resolveNetworkPolicy({ lookup: () => new Promise(() => {}) })
const request = {
  url: 'https://a.example/',
  headers: {},
  body: new Uint8Array(0),
  timeoutMs: 100,
  captureBytes: 10,
}

describe('undiciTransport', () => {
  it.each([0, -1, 1.5, Number.NaN])('refuses maxSockets %d', (maxSockets) => {
    expect(() => undiciTransport({ policy, maxSockets })).toThrow(TypeError)
  })

  it('opens nothing, and sets no timer, until it sends', async () => {
    const timers = fakeTimers()
    const transport = undiciTransport({ policy, timers })
    expect(timers.set).toBe(0)
    await transport.close()
    expect(await transport.send(request)).toMatchObject({
      errorClass: 'config',
      code: 'transport_closed',
    })
  })

  it('ends by its deadline, and counts its own time', async () => {
    const timers = fakeTimers()
    const transport = undiciTransport({ policy, timers })
    const sent = transport.send(request)
    await timers.advance(150)
    expect(await sent).toMatchObject({ kind: 'error', errorClass: 'dns', durationMs: 100 })
    await transport.close()
  })
})
