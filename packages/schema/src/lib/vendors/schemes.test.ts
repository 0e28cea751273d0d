import { describe, expect, it } from 'vitest'
import { bytes } from '../test-support'
import { github } from './github'
import { shopify } from './shopify'
import { secret, vendors } from './vendors.samples'

const now = 1_700_000_000
const message = { id: 'evt_1', timestamp: now, body: bytes('{"a":1}') }
const options = { now, tolerance: { past: 300, future: 300 } }

// Computed with `openssl dgst -sha256 -hmac`, so that what we sign is judged by another.
const hex = '45ec03b2b33403c8043a90de06bedad0827183927115fd7e448ef97eeb13c5be'
const timed = 'b6974ac6d7fd2ac6e37c3cea117ba7ee3cfde56b98ea4e8b5fb26b9fee534ba7'
const slacked = '6fe19c5661e5b63e36f8d8a5eada7878943e491c9668630ba088bc95f732e4de'
const base64 = 'RewDsrM0A8gEOpDeBr7a0IJxg5JxFf1+RI75fusTxb4='

const rows = {
  stripe: [{ 'stripe-signature': `t=${now},v1=${timed}` }, { id: false, time: true }],
  github: [{ 'x-hub-signature-256': `sha256=${hex}` }, { id: false, time: false }],
  slack: [
    { 'x-slack-request-timestamp': String(now), 'x-slack-signature': `v0=${slacked}` },
    { id: false, time: true },
  ],
  shopify: [{ 'x-shopify-hmac-sha256': base64 }, { id: false, time: false }],
  b3os: [{ 'x-b3os-signature': hex }, { id: false, time: false }],
  aetherflow: [{ 'x-aetherflow-signature': hex }, { id: false, time: false }],
  honeyframe: [{ 'x-honeyframe-signature': hex }, { id: false, time: false }],
} as const

describe.each(vendors)('%s', (name, { scheme }) => {
  const [headers, covers] = rows[name as keyof typeof rows]

  it('signs with its header, string, encoding and key', async () => {
    expect(await scheme.sign(message, [secret])).toEqual(headers)
    expect([...scheme.headers].sort()).toEqual(Object.keys(headers).sort())
    expect(scheme.name).toBe(name)
  })

  it('accepts what it signed, and says what it covers', async () => {
    const result = await scheme.verify({ headers, body: message.body }, [secret], options)
    const timestamp = covers.time ? now : undefined
    expect(result).toEqual({ ok: true, id: undefined, timestamp, secretIndex: 0 })
    expect(scheme.covers).toEqual(covers)
  })

  it('takes the secret as it is written, and refuses an empty one', () => {
    expect(() => scheme.checkSecret("It's a Secret to Everybody")).not.toThrow()
    expect(() => scheme.checkSecret('')).toThrow('is empty')
  })
})

describe('the type in an unsigned header', () => {
  it.each([
    [{ 'X-GitHub-Event': 'push' }, 'push'],
    [new Headers({ 'x-github-event': 'issues' }), 'issues'],
    [{}, ''],
    [{ 'x-github-event': ['push', 'issues'] }, ''],
  ])('github: %o', (headers, type) => {
    expect(github.unsignedType({ headers })).toBe(type)
  })

  it('shopify: dots for slashes, as in the names of event types', () => {
    const headers = { 'X-Shopify-Topic': 'orders/line_items/create' }
    expect(shopify.unsignedType({ headers })).toBe('orders.line_items.create')
  })
})
