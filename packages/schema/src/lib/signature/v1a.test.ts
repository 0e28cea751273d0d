import { describe, expect, it } from 'vitest'
import { schemes } from './standard'
import {
  accepted,
  message,
  secret,
  seedOnly,
  signedBy,
  signing,
  verify,
  verifying,
  wrong,
} from './standard.samples'

describe('v1a', () => {
  const published =
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=='

  it('signs alike with the seed alone', async () => {
    const headers = await schemes.standard.sign(message, [seedOnly])
    expect(headers).toEqual(signedBy(published))
  })

  it('verifies beside other signatures, and not under another key', async () => {
    const secrets = [secret, verifying]
    expect(await verify(signedBy(`${wrong} ${published}`), { secrets })).toEqual({
      ...accepted,
      secretIndex: 1,
    })
    const stranger = 'whpk_MCowBQYDK2VwAyEA1SiA4o9hyqTCpIqC5V9HUakiiac='
    expect(await verify(signedBy(published), { secrets: [stranger] })).toEqual({
      ok: false,
      code: 'signature_mismatch',
    })
  })

  it('looks at every v1a entry', async () => {
    const zeros = `v1a,${'A'.repeat(86)}==`
    const secrets = [verifying]
    expect(await verify(signedBy(`${zeros} v1a,AA== ${published}`), { secrets })).toEqual(accepted)
    expect(await verify(signedBy(zeros), { secrets })).toEqual({
      ok: false,
      code: 'signature_mismatch',
    })
  })

  it('does not take a signature of its own under another label', async () => {
    const secrets = [verifying]
    for (const label of ['v1', 'v2', 'v1b']) {
      const header = `${label},${published.slice(4)} v2,abc`
      expect(await verify(signedBy(header), { secrets })).toEqual({
        ok: false,
        code: 'signature_mismatch',
      })
    }
  })

  it('does not take a signature of another form', async () => {
    const secrets = [verifying]
    for (const text of [published.slice(0, -2), published.replace('Ag==', 'Ah=='), 'v1a,']) {
      expect(await verify(signedBy(text), { secrets })).toEqual({
        ok: false,
        code: 'malformed_header',
      })
    }
  })

  it('refuses halves on the wrong side', async () => {
    await expect(schemes.standard.sign(message, [verifying])).rejects.toMatchObject({
      code: 'invalid_secret',
      message: expect.stringContaining('only verifies'),
    })
    await expect(verify(signedBy(published), { secrets: [signing] })).rejects.toMatchObject({
      code: 'invalid_secret',
      message: expect.stringContaining('only signs'),
    })
  })

  it('refuses a private key whose halves do not belong together', async () => {
    const bytes = Buffer.from(signing.slice(5), 'base64')
    bytes[63] = (bytes[63] ?? 0) ^ 1
    const mixed = `whsk_${bytes.toString('base64')}`
    expect(() => schemes.standard.checkSecret(mixed)).toThrow('do not belong together')
    await expect(schemes.standard.sign(message, [mixed])).rejects.toMatchObject({
      code: 'invalid_secret',
    })
  })
})
