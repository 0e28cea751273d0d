import { WebhookError } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { bytes } from '../test-support'
import { generateSecret } from './secret'
import { schemes } from './standard'

const { standard } = schemes
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const other = `whsec_${btoa('o'.repeat(32))}`
const body = bytes('{"test": 2432232314}')
const message = { id: 'msg_1', timestamp: 1_614_265_330, body }
const options = { now: 1_614_265_330, tolerance: { past: 300, future: 300 } }
const headers = await standard.sign(message, [secret])

describe('verify.atOnce', () => {
  it.each([
    ['the first secret that fits', { headers, body }, [other, secret]],
    ['none that fits', { headers, body }, [other]],
    ['another body', { headers, body: bytes('{}') }, [secret]],
    ['no headers', { headers: {}, body }, [secret]],
  ])('answers a plain value, what verify resolves with: %s', async (_name, request, secrets) => {
    const answer = standard.verify.atOnce?.(request, secrets, options)
    expect(answer).toHaveProperty('ok')
    expect(answer).toEqual(await standard.verify(request, secrets, options))
  })

  it('goes on to the next secret where a signature takes a promise', async () => {
    const pair = generateSecret({ type: 'v1a' })
    const signed = { headers: await standard.sign(message, [pair.secret, secret]), body }
    const foreign = generateSecret({ type: 'v1a' }).publicKey
    const secrets = [foreign, other, pair.publicKey]
    expect(await standard.verify.atOnce?.(signed, secrets, options)).toMatchObject({
      ok: true,
      secretIndex: 2,
    })
  })

  it("throws the caller's mistake, which verify rejects with", async () => {
    const request = { headers, body }
    expect(() => standard.verify.atOnce?.(request, [], options)).toThrow(WebhookError)
    await expect(standard.verify(request, [], options)).rejects.toThrow(WebhookError)
  })

  it('goes with the function it belongs to, and cannot be changed', () => {
    const own = { ...standard, verify: async () => ({ ok: false, code: 'missing_header' }) }
    expect(own.verify).not.toHaveProperty('atOnce')
    expect(Object.isFrozen(standard.verify)).toBe(true)
  })
})

describe('sign.atOnce', () => {
  it.each([
    ['one secret', [secret]],
    ['several', [secret, other]],
  ])('answers a plain value, what sign resolves with: %s', async (_name, secrets) => {
    const answer = standard.sign.atOnce?.(message, secrets)
    expect(answer).toHaveProperty('webhook-signature')
    expect(answer).toEqual(await standard.sign(message, secrets))
  })

  it('answers a promise where a signature takes one', async () => {
    const pair = generateSecret({ type: 'v1a' })
    const answer = standard.sign.atOnce?.(message, [secret, pair.secret])
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toEqual(await standard.sign(message, [secret, pair.secret]))
  })

  it("throws the caller's mistake, which sign rejects with", async () => {
    for (const [wrong, secrets] of [
      [message, []],
      [{ ...message, id: 'a.b' }, [secret]],
      [{ ...message, timestamp: 1_614_265_330.5 }, [secret]],
      [{ ...message, timestamp: 1_614_265_330_000 }, [secret]],
      [{ ...message, timestamp: 999_999_999 }, [secret]],
      [message, [secret, generateSecret({ type: 'v1a' }).publicKey]],
      [message, Array.from({ length: 9 }, () => secret)],
    ] as const) {
      expect(() => standard.sign.atOnce?.(wrong, secrets)).toThrow(WebhookError)
      await expect(standard.sign(wrong, secrets)).rejects.toThrow(WebhookError)
    }
  })

  it('cannot be changed', () => {
    expect(Object.isFrozen(standard.sign)).toBe(true)
  })
})
