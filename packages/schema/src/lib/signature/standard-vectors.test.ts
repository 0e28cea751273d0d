import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytes } from '../test-support'
import type { HeaderBag } from './scheme'
import { schemes } from './standard'

interface Vector {
  readonly name: string
  readonly verdict: 'accept' | 'reject' | 'policy' | 'config-error'
  readonly now: number
  readonly secret: string
  readonly secrets?: readonly string[]
  readonly body?: string
  readonly bodyBase64?: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly repeatedSignature?: { readonly entry: string; readonly times: number }
  readonly signWith?: string
  readonly alsoSign?: string
  readonly optional?: boolean
}

const file = new URL('./vectors/standard-webhooks.vectors.json', import.meta.url)
const vectors: { readonly tests: readonly Vector[] } = JSON.parse(readFileSync(file, 'utf8'))

/** Which code each refused vector gets. Every row that is not accepted must be here. */
const codes: Readonly<Record<string, string>> = {
  'timestamp 301 s old': 'timestamp_too_old',
  'timestamp 301 s in the future': 'timestamp_too_new',
  'missing webhook-id': 'missing_header',
  'missing webhook-timestamp': 'missing_header',
  'missing webhook-signature': 'missing_header',
  'timestamp "hello"': 'malformed_header',
  'signature wrong': 'signature_mismatch',
  'signature garbage': 'malformed_header',
  'signature truncated to 8 chars': 'malformed_header',
  'signature "v1,"': 'malformed_header',
  'right bytes, unknown version v2': 'signature_mismatch',
  'empty secret': 'invalid_secret',
  'secret "whsec_"': 'invalid_secret',
  '1-byte secret': 'invalid_secret',
  'timestamp with trailing garbage': 'malformed_header',
  'timestamp with leading zeros': 'malformed_header',
  'timestamp fractional': 'malformed_header',
  'non-UTF-8 body swapped for another that decodes to the same U+FFFD text': 'signature_mismatch',
  'body re-serialised (whitespace changed)': 'signature_mismatch',
  'webhook-id containing "."': 'malformed_header',
  'id/timestamp boundary shift': 'malformed_header',
  'v1 signature presented where only a v1a public key is configured': 'signature_mismatch',
  'v1 = HMAC keyed with the raw public key bytes': 'signature_mismatch',
  'base64url signature': 'malformed_header',
  'unpadded signature': 'malformed_header',
  '10 000 signatures in one header': 'malformed_header',
  'header given twice (array)': 'duplicate_header',
}

function bodyOf(vector: Vector): Uint8Array {
  return vector.bodyBase64 === undefined
    ? bytes(vector.body ?? '')
    : Buffer.from(vector.bodyBase64, 'base64')
}

function headersOf({ headers, repeatedSignature }: Vector): HeaderBag {
  if (repeatedSignature === undefined) return headers
  const { entry, times } = repeatedSignature
  return { ...headers, 'webhook-signature': Array(times).fill(entry).join(' ') }
}

const tolerance = { past: 300, future: 300 }

describe('the Standard Webhooks vectors', () => {
  it('are all here', () => {
    expect(vectors.tests).toHaveLength(41)
  })

  it.each(vectors.tests)('$verdict: $name', async (vector) => {
    const scheme = vector.optional === true ? schemes.svix : schemes.standard
    const request = { headers: headersOf(vector), body: bodyOf(vector) }
    const secrets = vector.secrets ?? [vector.secret]
    const verified = scheme.verify(request, secrets, { now: vector.now, tolerance })
    if (vector.verdict === 'accept') {
      await expect(verified).resolves.toMatchObject({ ok: true })
    } else if (vector.verdict === 'config-error') {
      await expect(verified).rejects.toMatchObject({ code: codes[vector.name] })
    } else {
      await expect(verified).resolves.toEqual({ ok: false, code: codes[vector.name] })
    }
  })

  it.each(vectors.tests.filter(({ alsoSign }) => alsoSign !== undefined))(
    'signs as published: $name',
    async (vector) => {
      const message = {
        id: String(vector.headers['webhook-id']),
        timestamp: Number(vector.headers['webhook-timestamp']),
        body: bodyOf(vector),
      }
      const headers = await schemes.standard.sign(message, [vector.signWith ?? vector.secret])
      expect(headers).toEqual(vector.headers)
    },
  )
})
