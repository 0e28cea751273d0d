import { describe, expect, it } from 'vitest'
import type { AttemptRequest } from '../ports/transport'
import { fakeClock } from './fake-clock'
import { recordingTransport } from './recording-transport'

const bytes = (text: string) => new TextEncoder().encode(text)

const request: AttemptRequest = {
  url: 'https://example.com/hooks',
  headers: { 'webhook-id': 'evt_1' },
  body: bytes('{"a":"ü"}'),
  timeoutMs: 1000,
  captureBytes: 4,
}

describe('recordingTransport', () => {
  it('answers 200 unless told otherwise, and records what was sent, as it was then', async () => {
    const clock = fakeClock(42)
    const transport = recordingTransport(undefined, { clock })
    const body = bytes('{"a":"ü"}')
    expect(await transport.send({ ...request, body })).toMatchObject({
      kind: 'response',
      status: 200,
    })
    body.fill(0)
    await clock.advance(8)
    await transport.send(request)
    expect(transport.requests).toMatchObject([
      { index: 0, at: 42, url: request.url, headers: request.headers, text: '{"a":"ü"}' },
      { index: 1, at: 50 },
    ])
    expect(transport.requests[0]?.body).toEqual(bytes('{"a":"ü"}'))
  })

  it('answers from a queue, then 200', async () => {
    const reset = {
      kind: 'error',
      errorClass: 'network',
      code: 'ECONNRESET',
      message: 'x',
    } as const
    const transport = recordingTransport([503, { ...reset, durationMs: 3 }])
    expect(await transport.send(request)).toMatchObject({ status: 503 })
    expect(await transport.send(request)).toEqual({ ...reset, durationMs: 3 })
    expect(await transport.send(request)).toMatchObject({ status: 200 })
  })

  it('answers by request, with headers in lower case and at most the bytes to capture', async () => {
    const transport = recordingTransport(async ({ headers }, index) => ({
      status: index === 0 ? 429 : 204,
      headers: { 'Retry-After': '120', 'X-Id': headers['webhook-id'] ?? '' },
      body: 'too much',
    }))
    expect(await transport.send(request)).toEqual({
      kind: 'response',
      status: 429,
      headers: { 'retry-after': '120', 'x-id': 'evt_1' },
      body: bytes('too '),
      truncated: true,
      durationMs: 0,
    })
    const whole = await transport.send({ ...request, captureBytes: 8 })
    expect(whole).toMatchObject({ status: 204, body: bytes('too much'), truncated: false })
  })

  it('delays an answer on its clock, up to the timeout', async () => {
    const clock = fakeClock(0)
    const transport = recordingTransport(
      [
        { status: 200, delay: '999ms' },
        { status: 200, delay: '1s' },
      ],
      { clock },
    )
    const answers = Promise.all([transport.send(request), transport.send(request)])
    await clock.advance('999ms')
    expect(clock.sleeping).toBe(1)
    await clock.advance('1ms')
    expect(await answers).toMatchObject([
      { kind: 'response', status: 200, durationMs: 999 },
      { kind: 'error', errorClass: 'timeout', code: 'deadline', durationMs: 1000 },
    ])
  })

  it('never rejects: what the responder throws is a network error', async () => {
    const transport = recordingTransport(() => {
      throw new Error('the sink is gone')
    })
    expect(await transport.send(request)).toMatchObject({
      kind: 'error',
      errorClass: 'network',
      code: 'responder_threw',
      message: 'the sink is gone',
    })
  })

  it('ends the attempts under way as network errors when it is closed, and waits for nothing', async () => {
    const clock = fakeClock(0)
    const transport = recordingTransport(
      (_request, index) => (index === 0 ? { status: 200, delay: '900ms' } : new Promise(() => {})),
      { clock },
    )
    const answers = Promise.all([transport.send(request), transport.send(request)])
    await clock.advance('1ms')
    expect(clock.sleeping).toBe(1)
    await transport.close()
    const ended = { kind: 'error', errorClass: 'network', code: 'closed' }
    expect(await answers).toMatchObject([ended, ended])
    expect(clock.sleeping).toBe(0)
  })

  it('answers config errors once closed, and records nothing more', async () => {
    const transport = recordingTransport()
    await transport.close()
    expect(await transport.send(request)).toMatchObject({ errorClass: 'config', code: 'closed' })
    expect(transport.requests).toEqual([])
  })
})
