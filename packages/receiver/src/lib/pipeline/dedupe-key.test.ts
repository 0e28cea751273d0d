import { createHash } from 'node:crypto'
import { defineScheme, schemes } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { completed, failed, setUp, signed, signedBytes, stub } from '../test-support'

const hash = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

describe('dedupe: the key', () => {
  it('is the source and the signed id; the fingerprint is the hash of the body', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const { receiver } = setUp({ store })
    receiver.on('run.completed', () => {})
    const request = await signed(completed, { messageId: 'msg_9' })
    await receiver.receive(request)
    const key = { source: 'billing', id: 'msg_9' }
    expect(claim).toHaveBeenCalledWith(key, hash(request.body), 30_000)
  })

  it('may have a source by request, and a lease and a retention of its own', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const complete = vi.spyOn(store, 'complete')
    const source = vi.fn(({ params = {} }) => `tenant-${params.tenant}`)
    const { receiver } = setUp({
      idempotency: { store, source, lease: '5s', retention: '1d' },
    })
    receiver.on('run.completed', () => {})
    const { headers, body } = await signed()
    await receiver.receive({ headers, body, params: { tenant: 'acme' } })
    const key = { source: 'tenant-acme', id: completed.id }
    expect(claim).toHaveBeenCalledWith(key, expect.any(String), 5_000)
    expect(complete).toHaveBeenCalledWith({ ...key, token: 't' }, 86_400_000)
  })

  it('is what idempotency.key makes of the event', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const key = vi.fn(() => 'run r1 completed')
    const { receiver } = setUp({ idempotency: { store, source: 'a', key } })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    expect(key).toHaveBeenCalledWith(completed)
    expect(claim.mock.calls[0]?.[0]).toEqual({ source: 'a', id: 'run r1 completed' })
    expect(handler.mock.calls[0]?.[1].messageId).toBe('run r1 completed')
  })

  it.each([
    ['x'.repeat(255), 'x'.repeat(255)],
    ['~ !', '~ !'],
    ['x'.repeat(256), `sha256-${hash('x'.repeat(256))}`],
    ['ü', `sha256-${hash('ü')}`],
    ['ü a', `sha256-${hash('ü a')}`],
    ['a\n', `sha256-${hash('a\n')}`],
    ['\u007f', `sha256-${hash('\u007f')}`],
  ])('is hashed when no store should be given it: %j', async (made, id) => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const { receiver } = setUp({ idempotency: { store, source: 'a', key: () => made } })
    receiver.on('run.completed', () => {})
    await receiver.receive(await signed())
    expect(claim.mock.calls[0]?.[0].id).toBe(id)
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['is empty', () => ''],
    ['is no string', () => 7],
  ])('that %s: 500 config', async (_name, key) => {
    // @ts-expect-error: what JavaScript may return all the same
    const { receiver } = setUp({ idempotency: { store: stub(), source: 'a', key } })
    receiver.on('run.completed', () => {})
    expect(await receiver.receive(await signed())).toMatchObject({
      status: 500,
      outcome: { code: 'config', messageId: completed.id, type: 'run.completed' },
    })
  })

  it('that is empty is named in the log', async () => {
    for (const [name, option] of [
      ['key', { source: 'a', key: () => '' }],
      ['source', { source: () => '' }],
    ] as const) {
      const { receiver } = setUp({ idempotency: { store: stub(), ...option } })
      receiver.on('run.completed', () => {})
      const { outcome } = await receiver.receive(await signed())
      expect(outcome).toMatchObject({
        cause: new TypeError(`idempotency.${name} must return a non-empty string`),
      })
    }
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['is empty', () => ''],
    ['is no string', () => undefined],
  ])('with a source that %s: 500 config', async (_name, source) => {
    // @ts-expect-error: what JavaScript may return all the same
    const { receiver } = setUp({ idempotency: { store: stub(), source } })
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await signed())).body).toBe('{"code":"config"}')
  })

  describe('of a scheme that signs no id', () => {
    const scheme = defineScheme({
      name: 'bare',
      headers: { signature: 'x-signature' },
      signed: '{body}',
      layout: { kind: 'single' },
      encoding: 'hex',
      key: 'utf8',
    })

    it('is a hash of the signed bytes, never an unsigned header', async () => {
      const store = stub()
      const claim = vi.spyOn(store, 'claim')
      const { receiver } = setUp({ store, scheme, secrets: 'a shared secret' })
      const handler = vi.fn()
      receiver.on('run.completed', handler)
      const { headers, body } = await signed(completed, { scheme, secret: 'a shared secret' })
      const result = await receiver.receive({
        headers: { ...headers, 'webhook-id': 'forged', 'webhook-timestamp': '1' },
        body,
      })
      expect(result.status).toBe(200)
      const id = `sha256-${hash(body)}`
      expect(claim).toHaveBeenCalledWith({ source: 'billing', id }, hash(body), 30_000)
      const context = handler.mock.calls[0]?.[1]
      expect(context.messageId).toBe(id)
      expect(context).not.toHaveProperty('signedAt')
    })

    it('is what idempotency.key makes of the signed body', async () => {
      const store = stub()
      const claim = vi.spyOn(store, 'claim')
      const idempotency = { store, source: 'b', key: ({ id }: { id: string }) => id }
      const { receiver } = setUp({ idempotency, scheme, secrets: 'a shared secret' })
      receiver.on('run.completed', () => {})
      await receiver.receive(await signed(completed, { scheme, secret: 'a shared secret' }))
      expect(claim.mock.calls[0]?.[0]).toEqual({ source: 'b', id: completed.id })
    })
  })

  it('is claimed only after the signature was verified', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const { receiver } = setUp({ store })
    receiver.on('run.completed', () => {})
    const { headers, body } = await signedBytes('{}')
    await receiver.receive({ headers: { ...headers, 'webhook-id': 'other' }, body })
    expect(claim).not.toHaveBeenCalled()
  })

  it('does not mix schemes up: ids of svix headers dedupe too', async () => {
    const { receiver } = setUp({ schemes: [schemes.standard, schemes.svix] })
    receiver.on('run.failed', () => {})
    const svix = await signed(failed, { scheme: schemes.svix })
    expect((await receiver.receive(svix)).outcome.kind).toBe('handled')
    expect((await receiver.receive(await signed(failed))).outcome.kind).toBe('duplicate')
  })
})
