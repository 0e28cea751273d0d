import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytes } from '../test-support'
import { github } from '../vendors/github'
import { shopify } from '../vendors/shopify'
import { slack } from '../vendors/slack'
import { stripe } from '../vendors/stripe'
import { defineScheme } from './define-scheme'
import type { Scheme } from './scheme'
import { malformed, shopifyOptions, stripeOptions, tolerance } from './schemes.samples'

interface Row {
  readonly name: string
  readonly verdict: 'accept' | 'reject'
  readonly header: string
  readonly secret?: string
  readonly body?: string
  readonly now?: number
  readonly timestamp?: number
}

interface Vectors {
  readonly github: { readonly tests: readonly Row[] }
  readonly stripe: {
    readonly secret: string
    readonly body: string
    readonly tests: readonly Row[]
  }
  readonly slack: { readonly tests: readonly Row[] }
  readonly others: {
    readonly hook0: { secret: string; timestamp: number; body: string; v0: string }
    readonly convoy: {
      readonly secret: string
      readonly body: string
      readonly simple: string
      readonly advanced: { readonly timestamp: number; readonly v1: string }
    }
    readonly outpost: { readonly secret: string; readonly content: string; readonly hex: string }
    readonly shopify: { readonly secret: string; readonly body: string; readonly base64: string }
  }
}

const file = new URL('./vectors/other-schemes.vectors.json', import.meta.url)
const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'))
function verify(
  scheme: Scheme,
  headers: Record<string, string>,
  body: string,
  { secrets, now = 0 }: { secrets: readonly string[]; now?: number },
) {
  return scheme.verify({ headers, body: bytes(body) }, secrets, { now, tolerance })
}

describe('the vectors of other schemes', () => {
  it.each(vectors.github.tests)('github: $name', async (row) => {
    const headers = { 'X-Hub-Signature-256': row.header }
    const secrets = [row.secret ?? '']
    const body = row.body ?? ''
    expect(await verify(github.scheme, headers, body, { secrets })).toEqual({
      ok: true,
      id: undefined,
      timestamp: undefined,
      secretIndex: 0,
    })
    const message = { id: '', timestamp: 0, body: bytes(body) }
    expect(await github.scheme.sign(message, secrets)).toEqual({
      'x-hub-signature-256': row.header,
    })
  })

  it.each(vectors.stripe.tests)('stripe: $name', async (row) => {
    const headers = { 'Stripe-Signature': row.header }
    const secrets = [vectors.stripe.secret]
    const { body } = vectors.stripe
    const result = await verify(stripe.scheme, headers, body, { secrets, now: row.now ?? 0 })
    expect(result).toEqual(
      row.verdict === 'accept'
        ? { ok: true, id: undefined, timestamp: 1_614_265_330, secretIndex: 0 }
        : malformed,
    )
  })

  it.each(vectors.slack.tests)('slack: $name', async (row) => {
    const timestamp = row.timestamp ?? 0
    const headers = {
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': row.header,
    }
    const secrets = [row.secret ?? '']
    const body = row.body ?? ''
    expect(await verify(slack.scheme, headers, body, { secrets, now: timestamp })).toEqual({
      ok: true,
      id: undefined,
      timestamp,
      secretIndex: 0,
    })
    expect(await slack.scheme.sign({ id: '', timestamp, body: bytes(body) }, secrets)).toEqual(
      headers,
    )
  })

  it('shopify', async () => {
    const { secret, body, base64 } = vectors.others.shopify
    const headers = { 'X-Shopify-Hmac-Sha256': base64 }
    expect(await verify(shopify.scheme, headers, body, { secrets: [secret] })).toMatchObject({
      ok: true,
    })
  })

  it('hook0', async () => {
    const { secret, timestamp, body, v0 } = vectors.others.hook0
    const layout = { kind: 'fields', timestamp: 't', signature: 'v0' } as const
    const hook0 = defineScheme({ ...stripeOptions, name: 'hook0', layout })
    const signed = await hook0.sign({ id: '', timestamp, body: bytes(body) }, [secret])
    expect(signed).toEqual({ 'stripe-signature': `t=${timestamp},v0=${v0}` })
  })

  it('convoy, simple and advanced', async () => {
    const { secret, body, simple, advanced } = vectors.others.convoy
    const bare = defineScheme({ ...shopifyOptions, name: 'convoy', encoding: 'hex' })
    const headers = { 'x-shopify-hmac-sha256': simple }
    expect(await verify(bare, headers, body, { secrets: [secret] })).toMatchObject({ ok: true })
    const timed = defineScheme({ ...stripeOptions, signed: '{timestamp},{body}' })
    const { timestamp, v1 } = advanced
    expect(await timed.sign({ id: '', timestamp, body: bytes(body) }, [secret])).toEqual({
      'stripe-signature': `t=${timestamp},v1=${v1}`,
    })
  })

  it('outpost', async () => {
    const { secret, content, hex } = vectors.others.outpost
    const timed = defineScheme({ ...stripeOptions, name: 'outpost' })
    const [timestamp = '', body = ''] = content.split(/\.(.*)/s)
    expect(
      await timed.sign({ id: '', timestamp: Number(timestamp), body: bytes(body) }, [secret]),
    ).toEqual({
      'stripe-signature': `t=${timestamp},v1=${hex}`,
    })
  })
})
