import { afterAll, describe, expect, it, vi } from 'vitest'

// The whole of /signature as a bundle for Workers has it; the modules that other files loaded stand on node:crypto.
vi.resetModules()
vi.doMock('#hmac', () => import('./web'))

const { schemes } = await import('../signature/standard')
const { generateSecret } = await import('../signature/secret')
const { defineScheme } = await import('../signature/define-scheme')

afterAll(() => {
  vi.doUnmock('#hmac')
  vi.resetModules()
})

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const other = 'whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='
const signing =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='
const verifying = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='
const timestamp = 1_614_265_330
const body = new TextEncoder().encode('{"test": 2432232314}')
const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp, body }
const options = { now: timestamp, tolerance: { past: 300, future: 300 } }

describe('schemes over WebCrypto', () => {
  it('sign as published', async () => {
    const headers = await schemes.standard.sign(message, [secret, signing])
    expect(headers['webhook-signature']).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= ' +
        'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    )
  })

  it('verify under the right secret only', async () => {
    const headers = await schemes.standard.sign(message, [secret, signing])
    const verify = (secrets: readonly string[], sent = body) =>
      schemes.standard.verify({ headers, body: sent }, secrets, options)
    expect(await verify([other, secret])).toMatchObject({ ok: true, secretIndex: 1 })
    expect(await verify([verifying])).toMatchObject({ ok: true, secretIndex: 0 })
    expect(await verify([other])).toEqual({ ok: false, code: 'signature_mismatch' })
    expect(await verify([verifying], body.subarray(1))).toEqual({
      ok: false,
      code: 'signature_mismatch',
    })
  })

  it('verify other schemes', async () => {
    const github = defineScheme({
      name: 'github',
      headers: { signature: 'x-hub-signature-256' },
      signed: '{body}',
      layout: { kind: 'single', prefix: 'sha256=' },
      encoding: 'hex',
      key: 'utf8',
    })
    const request = {
      headers: {
        'X-Hub-Signature-256':
          'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
      },
      body: new TextEncoder().encode('Hello, World!'),
    }
    const secrets = ["It's a Secret to Everybody"]
    expect(await github.verify(request, secrets, options)).toMatchObject({ ok: true })
    expect(await github.verify(request, ['another'], options)).toMatchObject({ ok: false })
  })

  it('generate symmetric secrets, and say where a pair can be made', () => {
    expect(generateSecret()).toMatch(/^whsec_/)
    expect(() => generateSecret({ type: 'v1a' })).toThrow('node:crypto')
  })
})
