import { describe, expect, it } from 'vitest'
import { WebhookError } from '../errors'
import { failureOf } from '../test-support'
import { generateSecret, parseSecret } from './secret'
import { schemes } from './standard'

function secretOf(length: number, prefix = 'whsec_'): string {
  return `${prefix}${Buffer.alloc(length, 7).toString('base64')}`
}

describe('parseSecret', () => {
  it.each([24, 25, 26, 32, 63, 64])('takes %d bytes', (length) => {
    for (const prefix of ['whsec_', '']) {
      const parsed = parseSecret(secretOf(length, prefix))
      expect(parsed).toMatchObject({ kind: 'hmac' })
      expect(parsed.kind === 'hmac' && [...parsed.key]).toEqual(Array(length).fill(7))
    }
  })

  it.each([
    [1, 'must hold 24 to 64 bytes, not 1'],
    [23, 'must hold 24 to 64 bytes, not 23'],
    [65, 'must hold 24 to 64 bytes, not 65'],
    [66, 'must hold 24 to 64 bytes, not 66'],
    [67, 'is longer than 64 bytes'],
    [1_000, 'is longer than 64 bytes'],
  ])('refuses %d bytes', async (length, problem) => {
    for (const prefix of ['whsec_', '']) {
      expect(await failureOf(() => parseSecret(secretOf(length, prefix)))).toMatchObject({
        code: 'invalid_secret',
        message: `A webhook secret ${problem}.`,
      })
    }
  })

  it('reads the halves of a pair', () => {
    const seed = Buffer.alloc(32, 1)
    const publicKey = Buffer.alloc(32, 2)
    const both = Buffer.concat([seed, publicKey]).toString('base64')
    const whole = parseSecret(`whsk_${both}`)
    expect(whole.kind === 'ed25519-private' && [...whole.seed]).toEqual([...seed])
    expect(whole.kind === 'ed25519-private' && [...(whole.publicKey ?? [])]).toEqual([...publicKey])
    const alone = parseSecret(`whsk_${seed.toString('base64')}`)
    expect(alone).toMatchObject({ kind: 'ed25519-private', publicKey: undefined })
    const open = parseSecret(`whpk_${publicKey.toString('base64')}`)
    expect(open.kind === 'ed25519-public' && [...open.publicKey]).toEqual([...publicKey])
  })

  it.each([31, 33, 63])('refuses a private key of %d bytes', (length) => {
    expect(() => parseSecret(secretOf(length, 'whsk_'))).toThrow(
      `with whsk_ must hold 32 or 64 bytes, not ${length}`,
    )
  })

  it.each([31, 33, 64])('refuses a public key of %d bytes', (length) => {
    expect(() => parseSecret(secretOf(length, 'whpk_'))).toThrow(
      `with whpk_ must hold 32 bytes, not ${length}`,
    )
  })

  const good = Buffer.alloc(25, 255).toString('base64')

  it.each([
    ['empty', ''],
    ['a prefix alone', 'whsec_'],
    ['a private prefix alone', 'whsk_'],
    ['unpadded', `whsec_${good.slice(0, -2)}`],
    ['half padded', `whsec_${good.slice(0, -1)}`],
    ['over-padded', `whsec_${good}=`],
    ['with unused bits set', `whsec_${good.slice(0, -3)}x==`],
    ['base64url', `whsec_${good.replaceAll('/', '_')}`],
    ['with a space before', ` whsec_${good}`],
    ['with a line break after', `whsec_${good}\n`],
    ['with a space within', `whsec_${good.slice(0, 8)} ${good.slice(8)}`],
    ['with a double prefix', `whsec_whsec_${good}`],
    ['another prefix', `WHSEC_${good}`],
    ['not ASCII', `whsec_é${good.slice(1)}`],
    ['a placeholder', 'your-secret-here'],
  ])('refuses a secret that is %s', async (_, secret) => {
    const problem = /^(?:wh\w{2,3}_)?$/.test(secret)
      ? 'is empty'
      : 'must be padded standard base64, without spaces or line breaks'
    expect(await failureOf(() => parseSecret(secret))).toMatchObject({
      code: 'invalid_secret',
      message: `A webhook secret ${problem}.`,
    })
  })

  it.each([undefined, null, 5, {}, new Uint8Array(32)])('refuses %o', async (secret) => {
    const error = await failureOf(() => Reflect.apply(parseSecret, undefined, [secret]))
    expect(error).toMatchObject({
      code: 'invalid_secret',
      message: expect.stringContaining('string'),
    })
  })

  it('never repeats the secret', async () => {
    const precious = 'PRECIOUSPRECIOUSPRECIOUSPRECIOUS'
    for (const secret of [
      `whsec_${precious}-`,
      `whsk_${precious}`,
      `whpk_${precious}`,
      precious.slice(0, 8),
    ]) {
      const error = await failureOf(() => parseSecret(secret))
      expect(WebhookError.is(error)).toBe(true)
      expect(JSON.stringify(error)).not.toContain('PRECIOUS')
      expect(String(error)).not.toContain('PRECIOUS')
    }
  })
})

describe('generateSecret', () => {
  it('makes 32 bytes unless told', () => {
    const secret = generateSecret()
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(generateSecret({})).toHaveLength(secret.length)
    expect(generateSecret({ type: 'v1' })).toHaveLength(secret.length)
  })

  it.each([24, 64])('makes %d bytes', (length) => {
    const parsed = parseSecret(generateSecret({ bytes: length }))
    expect(parsed.kind === 'hmac' && parsed.key.length).toBe(length)
  })

  it.each([23, 65, 0, -1, 32.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %d bytes',
    async (length) => {
      const error = await failureOf(() => generateSecret({ bytes: length }))
      expect(error).toMatchObject({
        code: 'invalid_argument',
        message: 'bytes must be a whole number from 24 to 64.',
      })
    },
  )

  it('refuses another type', async () => {
    const error = await failureOf(() => Reflect.apply(generateSecret, undefined, [{ type: 'v3' }]))
    expect(error).toMatchObject({
      code: 'invalid_argument',
      message: "type must be 'v1' or 'v1a'.",
    })
  })

  it('never makes the same twice', () => {
    expect(new Set(Array.from({ length: 200 }, () => generateSecret())).size).toBe(200)
  })

  it('makes a pair that signs and verifies', async () => {
    const { secret, publicKey } = generateSecret({ type: 'v1a' })
    expect(secret).toMatch(/^whsk_[A-Za-z0-9+/]{86}==$/)
    expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/)
    const message = { id: 'a', timestamp: 1_700_000_000, body: Buffer.from('hello') }
    const headers = await schemes.standard.sign(message, [secret])
    const verified = await schemes.standard.verify({ headers, body: message.body }, [publicKey], {
      now: 1_700_000_000,
      tolerance: { past: 0, future: 0 },
    })
    expect(verified).toMatchObject({ ok: true, secretIndex: 0 })
  })
})

describe('checkSecret', () => {
  it('says nothing of a good one and throws for a bad one', () => {
    expect(schemes.standard.checkSecret(generateSecret())).toBeUndefined()
    expect(() => schemes.standard.checkSecret('nope')).toThrow(WebhookError)
  })
})
