import { generateSecret, schemes, signHeaders, verifySignature } from '@posthorn/schema/signature'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'

const bodies = [
  '{}',
  '{"test": 2432232314}',
  '{"text":"Zürich ♥ \\u2028 \\ud83d\\ude00","n":[1,2.5,null]}',
  `{"long":"${'x'.repeat(100_000)}"}`,
]
const secrets = [24, 31, 32, 33, 64].map((bytes) => generateSecret({ bytes }))
const cases = bodies.flatMap((body) => secrets.map((secret) => ({ body, secret })))

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1_000)
}

// The other libraries read the clock themselves, so these messages are of now.
function message(body: string) {
  return { id: 'msg_1', timestamp: nowInSeconds(), body: new TextEncoder().encode(body) }
}

const tolerance = { past: 300, future: 300 }

describe('messages signed by us', () => {
  it('verify with standardwebhooks', async () => {
    for (const { body, secret } of cases) {
      const headers = await signHeaders(schemes.standard, message(body), [secret])
      expect(new StandardWebhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
    }
  })

  it('verify with svix, under either brand', async () => {
    for (const { body, secret } of cases) {
      for (const scheme of [schemes.svix, schemes.standard]) {
        const headers = await signHeaders(scheme, message(body), [secret])
        expect(new SvixWebhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
      }
    }
  })

  it('verify with both during a rotation, under either secret', async () => {
    const [older = '', newer = ''] = secrets
    const body = '{"a":1}'
    const pair = generateSecret({ type: 'v1a' })
    const headers = await signHeaders(schemes.standard, message(body), [newer, older, pair.secret])
    for (const secret of [older, newer]) {
      expect(new StandardWebhook(secret).verify(body, headers)).toEqual({ a: 1 })
      expect(new SvixWebhook(secret).verify(body, headers)).toEqual({ a: 1 })
    }
  })

  it('are refused by both once they are changed', async () => {
    const [secret = ''] = secrets
    const headers = await signHeaders(schemes.standard, message('{"a":1}'), [secret])
    expect(() => new StandardWebhook(secret).verify('{"a":2}', headers)).toThrow()
    expect(() => new SvixWebhook(secret).verify('{"a":2}', headers)).toThrow()
  })
})

describe('messages signed by others', () => {
  const signers = [
    ['standardwebhooks', schemes.standard, StandardWebhook],
    ['svix', schemes.svix, SvixWebhook],
  ] as const

  it.each(signers)('%s: verify with us', async (_, scheme, Webhook) => {
    for (const { body, secret } of cases) {
      const { id, timestamp, body: bytes } = message(body)
      const signature = new Webhook(secret).sign(id, new Date(timestamp * 1_000), body)
      const [idName = '', timestampName = '', signatureName = ''] = scheme.headers
      const headers = {
        [idName]: id,
        [timestampName]: String(timestamp),
        [signatureName]: signature,
      }
      const request = { headers, body: bytes }
      const options = { now: timestamp, tolerance }
      expect(await verifySignature(scheme, request, [secret], options)).toEqual({
        ok: true,
        id,
        timestamp,
        secretIndex: 0,
      })
      const changed = { headers, body: bytes.slice(1) }
      expect(await verifySignature(scheme, changed, [secret], options)).toEqual({
        ok: false,
        code: 'signature_mismatch',
      })
    }
  })

  it('take our secrets without their prefix, and we theirs', async () => {
    const [secret = ''] = secrets
    const bare = secret.slice('whsec_'.length)
    const { id, timestamp, body } = message('{}')
    const headers = await signHeaders(schemes.standard, { id, timestamp, body }, [bare])
    expect(new StandardWebhook(secret).verify('{}', headers)).toEqual({})
    expect(new StandardWebhook(bare).verify('{}', headers)).toEqual({})
  })
})
