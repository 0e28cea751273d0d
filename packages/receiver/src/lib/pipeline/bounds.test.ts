import { describe, expect, it, vi } from 'vitest'
import { aged, withHeaders } from '../bad-requests'
import { completed, setUp, signed } from '../test-support'

describe('receive, at its bounds', () => {
  it.each([300, -300, 0])('takes a signature %i s old', async (age) => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await aged(age)())).status).toBe(200)
  })

  it.each([
    ['past', 10, 200],
    ['past', 11, 400],
    ['future', -20, 200],
    ['future', -21, 400],
  ] as const)('with own tolerances, %s: %i s is %i', async (_way, age, status) => {
    const { receiver } = setUp({ tolerance: { past: '10s', future: '20s' } })
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await aged(age)())).status).toBe(status)
  })

  it('does not round its own clock up', async () => {
    const { receiver, clock } = setUp()
    receiver.on('run.completed', () => {})
    await clock.advance(999)
    expect((await receiver.receive(await aged(300)())).status).toBe(200)
    await clock.advance(1)
    expect((await receiver.receive(await aged(300)())).status).toBe(400)
  })

  it('takes a body of maxBodyBytes, and not one more', async () => {
    const request = await signed()
    for (const [maxBodyBytes, status] of [
      [request.body.length, 200],
      [request.body.length - 1, 413],
    ] as const) {
      const { receiver } = setUp({ maxBodyBytes })
      receiver.on('run.completed', () => {})
      const result = await receiver.receive(request)
      expect(result.status).toBe(status)
      if (status === 413) expect(result.body).toBe('{"code":"body_too_large"}')
    }
  })

  it('takes 1 MiB unless told otherwise', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const bare = await signed({ ...completed, data: { runId: '' } })
    const fill = (length: number) => ({
      ...completed,
      id: `evt_${length}`.padEnd(completed.id.length, '_'),
      data: { runId: 'x'.repeat(length - bare.body.length) },
    })
    expect((await receiver.receive(await signed(fill(1_048_576)))).status).toBe(200)
    expect((await receiver.receive(await signed(fill(1_048_577)))).status).toBe(413)
  })

  it('refuses by the announced length before it reads', async () => {
    const { receiver } = setUp({ maxBodyBytes: 100 })
    const body = vi.fn()
    const announce = (length: string) =>
      receiver.receive({ headers: { 'content-length': length }, body })
    expect((await announce('101')).status).toBe(413)
    expect(body).not.toHaveBeenCalled()
    body.mockResolvedValue({ ok: true, bytes: new Uint8Array() })
    expect((await announce('100')).status).toBe(400)
    expect(body).toHaveBeenCalledWith(100)
  })

  it.each(['POST', 'post', undefined])('takes the method %s', async (method) => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const { headers, body } = await signed()
    const result = await receiver.receive({ headers, body, ...(method ? { method } : {}) })
    expect(result.status).toBe(200)
  })

  it.each(['identity', 'IDENTITY', ' identity ', ''])('takes the encoding "%s"', async (name) => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const request = await withHeaders({ 'content-encoding': name })()
    expect((await receiver.receive(request)).status).toBe(200)
  })

  it('answers HEAD without a body', async () => {
    const { receiver } = setUp()
    const { headers, body } = await signed()
    for (const method of ['HEAD', 'head']) {
      const result = await receiver.receive({ headers, body, method })
      expect(result).toMatchObject({ status: 405, headers: { allow: 'POST' }, body: '' })
    }
  })

  it('reads a Headers object', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const { headers, body } = await signed()
    const bag = new Headers(headers)
    expect((await receiver.receive({ headers: bag, body })).status).toBe(200)
    bag.set('content-encoding', 'br')
    expect((await receiver.receive({ headers: bag, body })).status).toBe(415)
  })

  it('reads headers in any case', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const { headers, body } = await signed()
    const upper = Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])
    const result = await receiver.receive({ headers: Object.fromEntries(upper), body })
    expect(result.status).toBe(200)
  })
})
