import { createServer } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import { readNodeBody } from './http/read-node'
import {
  completed,
  deferred,
  NOW,
  OTHER_SECRET,
  SECRET,
  setUp,
  signed,
  signedBytes,
} from './test-support'

/** What well-known libraries got wrong, and must not come back here. */
describe('known bugs', () => {
  it('two bodies that differ only in invalid UTF-8 do not verify alike', async () => {
    const body = (byte: number) => Uint8Array.of(0x22, byte, 0x22)
    expect(new TextDecoder().decode(body(0xff))).toBe(new TextDecoder().decode(body(0xfe)))
    const { receiver } = setUp()
    const { headers } = await signedBytes(body(0xff))
    expect((await receiver.receive({ headers, body: body(0xff) })).status).toBe(400)
    expect((await receiver.receive({ headers, body: body(0xfe) })).status).toBe(401)
  })

  it('a byte order mark added to a body does not verify', async () => {
    const { receiver } = setUp()
    const { headers, body } = await signed()
    const marked = Uint8Array.of(0xef, 0xbb, 0xbf, ...body)
    expect((await receiver.receive({ headers, body: marked })).status).toBe(401)
  })

  it('a timestamp with junk behind it is refused', async () => {
    const { receiver } = setUp()
    const { headers, body } = await signed()
    for (const junk of ['x', ' ', '.0', 'e0', ',', '\u0000']) {
      const timestamp = `${headers['webhook-timestamp']}${junk}`
      const result = await receiver.receive({
        headers: { ...headers, 'webhook-timestamp': timestamp },
        body,
      })
      expect(result.status, JSON.stringify(timestamp)).toBe(400)
    }
  })

  it('a timestamp a day in the future is refused', async () => {
    const { receiver } = setUp()
    const tomorrow = await signed(completed, { at: NOW / 1_000 + 86_400 })
    expect(await receiver.receive(tomorrow)).toMatchObject({
      status: 400,
      body: '{"code":"timestamp_too_new"}',
    })
  })

  it('a signature of another length is an answer, not an exception', async () => {
    const { receiver } = setUp()
    const { headers, body } = await signed()
    for (const signature of [
      'v1,',
      'v1,AA==',
      `v1,${'A'.repeat(1_000)}`,
      `${headers['webhook-signature']}A`,
    ]) {
      const result = await receiver.receive({
        headers: { ...headers, 'webhook-signature': signature },
        body,
      })
      expect(result.status, signature).toBeGreaterThanOrEqual(400)
      expect(result.status, signature).toBeLessThan(402)
    }
  })

  it('more than one secret is accepted', async () => {
    const { receiver } = setUp({ secrets: [OTHER_SECRET, SECRET] })
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await signed())).status).toBe(200)
    const replay = await signed(completed, { secret: OTHER_SECRET, messageId: 'again' })
    expect((await receiver.receive(replay)).status).toBe(200)
  })

  it('the text of the error of a handler is not in the reply', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', async () => {
      throw new Error('relation "users" does not exist')
    })
    const { status, headers, body } = await receiver.receive(await signed())
    expect([status, body]).toEqual([500, '{"code":"handler_failed"}'])
    expect(headers).toEqual({ 'content-type': 'application/json' })
  })

  it('a body that was parsed already fails at once, instead of hanging', async () => {
    const read = await new Promise((resolve) => {
      const server = createServer(async (request, response) => {
        for await (const _ of request);
        resolve(await readNodeBody(request, 1_000, 'Do this.'))
        response.end()
      })
      server.listen(0, '127.0.0.1', async () => {
        const address = server.address()
        const port = typeof address === 'object' ? address?.port : undefined
        await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '{}' })
        server.close()
      })
    })
    expect(read).toEqual({ ok: false, code: 'body_not_raw', fix: 'Do this.' })
  })

  it('a duplicate is not answered 2xx while the first copy is still running', async () => {
    const { receiver } = setUp()
    const { promise, resolve } = deferred()
    receiver.on('run.completed', () => promise)
    const request = await signed()
    const first = receiver.receive(request)
    await new Promise((next) => setImmediate(next))
    const others = await Promise.all([receiver.receive(request), receiver.receive(request)])
    expect(others.map(({ status }) => status)).toEqual([409, 409])
    resolve()
    expect((await first).status).toBe(200)
  })

  it('the event type __proto__ crashes no router', async () => {
    const { receiver } = setUp()
    const unknown = vi.fn()
    receiver.onUnknown(unknown)
    const result = await receiver.receive(await signed({ ...completed, type: '__proto__' }))
    expect(result.status).toBe(204)
    expect(unknown).toHaveBeenCalledTimes(1)
  })
})
