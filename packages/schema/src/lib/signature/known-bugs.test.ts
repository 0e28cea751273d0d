import { describe, expect, it } from 'vitest'
import { bytes, failureOf } from '../test-support'
import { generateSecret } from './secret'
import { schemes } from './standard'

// Each of these is, or was, a bug of a well-known library.

const now = 1_700_000_000
const options = { now, tolerance: { past: 300, future: 300 } }
const secret = generateSecret()
const body = bytes('{"a":1}')

function sign(body: Uint8Array, timestamp = now) {
  return schemes.standard.sign({ id: 'msg_1', timestamp, body }, [secret])
}

function verify(headers: Record<string, string>, sent = body, secrets = [secret]) {
  return schemes.standard.verify({ headers, body: sent }, secrets, options)
}

describe('known bugs', () => {
  it('a signature verified over a decoded string: two invalid UTF-8 bodies must not verify alike', async () => {
    const [one, two] = [Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0x22, 0xfe, 0x22)]
    expect(new TextDecoder().decode(one)).toBe(new TextDecoder().decode(two))
    const headers = await sign(one)
    expect(await verify(headers, one)).toMatchObject({ ok: true })
    expect(await verify(headers, two)).toEqual({ ok: false, code: 'signature_mismatch' })
  })

  it('a byte order mark stripped before verifying', async () => {
    const marked = Uint8Array.of(0xef, 0xbb, 0xbf, ...body)
    const headers = await sign(marked)
    expect(await verify(headers, marked)).toMatchObject({ ok: true })
    expect(await verify(headers, body)).toEqual({ ok: false, code: 'signature_mismatch' })
  })

  it('a timestamp with trailing junk accepted', async () => {
    const headers = await sign(body)
    for (const junk of ['abc', ' ', '.0', 'e0', '\u0000', ';']) {
      const changed = { ...headers, 'webhook-timestamp': `${now}${junk}` }
      expect(await verify(changed)).toEqual({ ok: false, code: 'malformed_header' })
    }
  })

  it('a timestamp a day in the future accepted', async () => {
    const headers = await sign(body, now + 86_400)
    expect(await verify(headers)).toEqual({ ok: false, code: 'timestamp_too_new' })
  })

  it('timingSafeEqual throwing on unequal length', async () => {
    const headers = await sign(body)
    for (const signature of ['v1,', 'v1,AA==', `v1,${'A'.repeat(1_000)}`, 'v1,é', 'v1,ⅷⅷⅷ']) {
      const result = await verify({ ...headers, 'webhook-signature': signature })
      expect(result).toEqual({ ok: false, code: 'malformed_header' })
    }
  })

  it('one secret only: a rotated one still verifies, and both sign', async () => {
    const next = generateSecret()
    const headers = await sign(body)
    expect(await verify(headers, body, [next, secret])).toMatchObject({ secretIndex: 1 })
    const both = await schemes.standard.sign({ id: 'msg_1', timestamp: now, body }, [next, secret])
    expect(await verify(both)).toMatchObject({ ok: true })
    expect(await verify(both, body, [next])).toMatchObject({ ok: true })
  })

  it('a public key taken for an HMAC key', async () => {
    const { publicKey } = generateSecret({ type: 'v1a' })
    const asHmac = `whsec_${publicKey.slice('whpk_'.length)}`
    const headers = await schemes.standard.sign({ id: 'msg_1', timestamp: now, body }, [asHmac])
    expect(await verify(headers, body, [publicKey])).toEqual({
      ok: false,
      code: 'signature_mismatch',
    })
  })

  it('an empty or placeholder secret that verifies anything', async () => {
    const headers = await sign(body)
    for (const weak of ['', 'whsec_', 'whsec_AAAA', 'undefined']) {
      const error = await failureOf(() => verify(headers, body, [weak]))
      expect(error).toMatchObject({ code: 'invalid_secret' })
    }
  })

  it('the secret in the error', async () => {
    const error = await failureOf(() => verify({}, body, ['whsec_c2VjcmV0LXNlY3JldA']))
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('c2Vjcm')
  })

  it('a stored signature that is valid for ever', async () => {
    const headers = await sign(body, now - 301)
    expect(await verify(headers)).toEqual({ ok: false, code: 'timestamp_too_old' })
  })

  it('a header of a polluted prototype', async () => {
    const headers = await sign(body)
    const inherited: Record<string, string> = Object.create(headers)
    expect(await verify(inherited)).toEqual({ ok: false, code: 'missing_header' })
  })
})
