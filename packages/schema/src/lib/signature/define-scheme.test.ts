import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytes, failureOf } from '../test-support'
import { defineScheme } from './define-scheme'
import type { Scheme } from './scheme'
import type { SchemeOptions } from './scheme-options'

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
const tolerance = { past: 300, future: 300 }

const githubOptions: SchemeOptions = {
  name: 'github',
  headers: { signature: 'x-hub-signature-256' },
  signed: '{body}',
  layout: { kind: 'single', prefix: 'sha256=' },
  encoding: 'hex',
  key: 'utf8',
}
const stripeOptions: SchemeOptions = {
  name: 'stripe',
  headers: { signature: 'stripe-signature' },
  signed: '{timestamp}.{body}',
  layout: { kind: 'fields', timestamp: 't', signature: 'v1' },
  encoding: 'hex',
  key: 'utf8',
}
const slackOptions: SchemeOptions = {
  name: 'slack',
  headers: { signature: 'x-slack-signature', timestamp: 'x-slack-request-timestamp' },
  signed: 'v0:{timestamp}:{body}',
  layout: { kind: 'single', prefix: 'v0=' },
  encoding: 'hex',
  key: 'utf8',
}
const shopifyOptions: SchemeOptions = {
  name: 'shopify',
  headers: { signature: 'x-shopify-hmac-sha256' },
  signed: '{body}',
  layout: { kind: 'single' },
  encoding: 'base64',
  key: 'utf8',
}

const github = () => defineScheme(githubOptions)
const stripe = () => defineScheme(stripeOptions)
const slack = () => defineScheme(slackOptions)
const shopify = () => defineScheme(shopifyOptions)
const malformed = { ok: false, code: 'malformed_header' }

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
    expect(await verify(github(), headers, body, { secrets })).toEqual({
      ok: true,
      id: undefined,
      timestamp: undefined,
      secretIndex: 0,
    })
    const message = { id: '', timestamp: 0, body: bytes(body) }
    expect(await github().sign(message, secrets)).toEqual({ 'x-hub-signature-256': row.header })
  })

  it.each(vectors.stripe.tests)('stripe: $name', async (row) => {
    const headers = { 'Stripe-Signature': row.header }
    const secrets = [vectors.stripe.secret]
    const { body } = vectors.stripe
    const result = await verify(stripe(), headers, body, { secrets, now: row.now ?? 0 })
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
    expect(await verify(slack(), headers, body, { secrets, now: timestamp })).toEqual({
      ok: true,
      id: undefined,
      timestamp,
      secretIndex: 0,
    })
    expect(await slack().sign({ id: '', timestamp, body: bytes(body) }, secrets)).toEqual(headers)
  })

  it('shopify', async () => {
    const { secret, body, base64 } = vectors.others.shopify
    const headers = { 'X-Shopify-Hmac-Sha256': base64 }
    expect(await verify(shopify(), headers, body, { secrets: [secret] })).toMatchObject({
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

const now = 1_700_000_000
const body = bytes('hello')
const message = { id: 'msg_1', timestamp: now, body }
const options = { now, tolerance }

describe('what a scheme covers', () => {
  it('is told', () => {
    expect(github().covers).toEqual({ id: false, time: false })
    expect(stripe().covers).toEqual({ id: false, time: true })
    expect(slack().headers).toEqual(['x-slack-request-timestamp', 'x-slack-signature'])
    expect(stripe().headers).toEqual(['stripe-signature'])
    expect(github().name).toBe('github')
  })

  it('is checked when signing, and nothing else is', async () => {
    const bad = { id: 'no id', timestamp: 5, body }
    expect(await failureOf(() => stripe().sign(bad, ['s']))).toMatchObject({
      code: 'invalid_argument',
    })
    expect(await github().sign(bad, ['s'])).toMatchObject({
      'x-hub-signature-256': expect.any(String),
    })
  })

  it('holds the tolerance only where time is covered', async () => {
    const late = { now: now + 301, tolerance }
    const timed = { headers: await stripe().sign(message, ['s']), body }
    expect(await stripe().verify(timed, ['s'], late)).toEqual({
      ok: false,
      code: 'timestamp_too_old',
    })
    const untimed = { headers: await github().sign(message, ['s']), body }
    expect(await github().verify(untimed, ['s'], late)).toMatchObject({ ok: true })
  })

  it('may be an id, too', async () => {
    const scheme = defineScheme({
      name: 'both',
      headers: { signature: 'x-sig', timestamp: 'x-time', id: 'x-id' },
      signed: '{timestamp}|{id}|{body}',
      layout: { kind: 'single' },
      encoding: 'base64',
      key: 'base64',
    })
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const headers = await scheme.sign(message, [secret])
    expect(headers).toMatchObject({ 'x-id': 'msg_1', 'x-time': String(now) })
    expect(scheme.headers).toEqual(['x-id', 'x-time', 'x-sig'])
    expect(await scheme.verify({ headers, body }, [secret], options)).toEqual({
      ok: true,
      id: 'msg_1',
      timestamp: now,
      secretIndex: 0,
    })
    for (const [change, code] of [
      [{ 'x-id': 'a.b' }, 'malformed_header'],
      [{ 'x-id': 'msg_2' }, 'signature_mismatch'],
      [{ 'x-time': String(now + 1) }, 'signature_mismatch'],
      [{ 'x-time': 'soon' }, 'malformed_header'],
      [{ 'x-id': 'a, b' }, 'duplicate_header'],
      [{ 'x-time': `${now},${now}` }, 'duplicate_header'],
      [{ 'x-sig': `${headers['x-sig']}, ${headers['x-sig']}` }, 'duplicate_header'],
      [{ 'x-sig': headers['x-sig']?.slice(0, -1) ?? '' }, 'malformed_header'],
    ] as const) {
      const request = { headers: { ...headers, ...change }, body }
      expect(await scheme.verify(request, [secret], options)).toEqual({ ok: false, code })
    }
    for (const name of Object.keys(headers)) {
      const request = { headers: { ...headers, [name]: undefined }, body }
      const missing = { ok: false, code: 'missing_header' }
      expect(await scheme.verify(request, [secret], options)).toEqual(missing)
    }
    expect(
      await scheme.verify({ headers: new Headers(headers), body }, [secret], options),
    ).toMatchObject({
      ok: true,
    })
  })
})

describe('several secrets', () => {
  it('all sign where there is room', async () => {
    const headers = await stripe().sign(message, ['new', 'old'])
    expect(headers['stripe-signature']?.match(/v1=/g)).toHaveLength(2)
    const request = { headers, body }
    expect(await stripe().verify(request, ['old'], options)).toMatchObject({ ok: true })
    expect(await stripe().verify(request, ['new'], options)).toMatchObject({ ok: true })
  })

  it('leave the first to sign where there is room for one', async () => {
    const request = { headers: await github().sign(message, ['new', 'old']), body }
    expect(await github().verify(request, ['new'], options)).toMatchObject({ ok: true })
    expect(await github().verify(request, ['old', 'new'], options)).toMatchObject({
      secretIndex: 1,
    })
    expect(await github().verify(request, ['old'], options)).toEqual({
      ok: false,
      code: 'signature_mismatch',
    })
  })
})

describe('a header with fields and no time', () => {
  const layout = { kind: 'fields', signature: 'sig' } as const

  it('is written and read', async () => {
    const scheme = defineScheme({ ...stripeOptions, signed: '{body}', layout })
    const headers = await scheme.sign(message, ['s'])
    expect(headers['stripe-signature']).toMatch(/^sig=[0-9a-f]{64}$/)
    expect(scheme.covers).toEqual({ id: false, time: false })
    expect(await scheme.verify({ headers, body }, ['s'], options)).toEqual({
      ok: true,
      id: undefined,
      timestamp: undefined,
      secretIndex: 0,
    })
  })

  it('may have its time in a header', async () => {
    const headers = { signature: 'x-sig', timestamp: 'x-time' }
    const scheme = defineScheme({ ...stripeOptions, headers, layout })
    const signed = await scheme.sign(message, ['s'])
    expect(signed).toMatchObject({ 'x-time': String(now) })
    expect(await scheme.verify({ headers: signed, body }, ['s'], options)).toMatchObject({
      ok: true,
      timestamp: now,
    })
  })
})

describe('a header with fields', () => {
  const good = async () => (await stripe().sign(message, ['s']))['stripe-signature'] ?? ''
  const check = (header: string) =>
    stripe().verify({ headers: { 'stripe-signature': header }, body }, ['s'], options)

  it('is looked at up to the 8th signature', async () => {
    const [time = '', signature = ''] = (await good()).split(',')
    const wrong = `v1=${'0'.repeat(64)}`
    const header = (wrongs: number) => [time, ...Array(wrongs).fill(wrong), signature].join(',')
    expect(await check(header(7))).toMatchObject({ ok: true })
    expect(await check(header(8))).toEqual({ ok: false, code: 'signature_mismatch' })
  })

  it('is looked at up to the 32nd field', async () => {
    const [time = '', signature = ''] = (await good()).split(',')
    const header = (others: number) => [time, ...Array(others).fill('x=1'), signature].join(',')
    expect(await check(header(30))).toMatchObject({ ok: true })
    expect(await check(header(31))).toEqual(malformed)
  })

  it('may hold spaces after commas, and fields in any order', async () => {
    const [time = '', signature = ''] = (await good()).split(',')
    expect(await check(`${signature}, ${time}`)).toMatchObject({ ok: true })
  })

  it('with two times is two headers joined', async () => {
    const header = await good()
    expect(await check(`${header}, ${header}`)).toEqual({ ok: false, code: 'duplicate_header' })
  })

  it.each([
    '',
    '=',
    ',',
    't',
    `t=${now}`,
    `t=${now},v1`,
    `t=${now},=v1`,
    `t=,v1=${'0'.repeat(64)}`,
    `v1=${'0'.repeat(64)}`,
    `t=${now},v1=${'A'.repeat(64)}`,
    `t=${now},v1=${'0'.repeat(63)}`,
    `t=${now},v1=${'0'.repeat(65)}`,
  ])('%j is malformed', async (header) => {
    expect(await check(header)).toEqual(malformed)
  })

  it('is missing when it is not there', async () => {
    expect(await stripe().verify({ headers: {}, body }, ['s'], options)).toEqual({
      ok: false,
      code: 'missing_header',
    })
  })
})

describe('a header with one signature', () => {
  it.each([
    ['sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17', 'malformed_header'],
    ['757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17', 'malformed_header'],
    [`sha256=${'A'.repeat(64)}`, 'malformed_header'],
    [`sha256=${'a'.repeat(63)}`, 'malformed_header'],
    [`sha256=${'é'.repeat(64)}`, 'malformed_header'],
    ['sha256=', 'malformed_header'],
    ['', 'malformed_header'],
    [`sha256=${'a'.repeat(64)}`, 'signature_mismatch'],
    [`sha256=${'a'.repeat(64)}, sha256=${'a'.repeat(64)}`, 'duplicate_header'],
  ])('%j: %s', async (header, code) => {
    const request = { headers: { 'x-hub-signature-256': header }, body }
    expect(await github().verify(request, ['s'], options)).toEqual({ ok: false, code })
  })
})

describe('secrets of other schemes', () => {
  it.each([
    ['', 'A webhook secret is empty.'],
    ['x'.repeat(1_025), 'A webhook secret is longer than 1024 characters.'],
    [5, 'A webhook secret must be a string.'],
  ])('%j is refused', async (secret, message) => {
    const error = await failureOf(() => Reflect.apply(github().checkSecret, undefined, [secret]))
    expect(error).toMatchObject({ code: 'invalid_secret', message })
  })

  it('are text of 1 to 1024 characters', () => {
    expect(github().checkSecret('x')).toBeUndefined()
    expect(github().checkSecret('x'.repeat(1_024))).toBeUndefined()
  })

  it('must be symmetric where they are base64', async () => {
    const scheme = defineScheme({ ...shopifyOptions, key: 'base64' })
    expect(scheme.checkSecret('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toBeUndefined()
    const pair = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='
    const error = await failureOf(() => scheme.checkSecret(pair))
    expect(error).toMatchObject({
      code: 'invalid_secret',
      message: expect.stringContaining('symmetric'),
    })
  })
})

describe('options that contradict each other', () => {
  const fields = { kind: 'fields', signature: 'v1' } as const

  it.each<[string, Partial<Record<keyof SchemeOptions, unknown>>, string]>([
    ['a name with capitals', { name: 'Mine' }, 'name'],
    ['a long name', { name: 'x'.repeat(65) }, 'name'],
    ['a header with a stray sign', { headers: { signature: 'x-sig!' } }, 'lower-case'],
    ['a header that begins with a dash', { headers: { signature: '-sig' } }, 'lower-case'],
    ['a long header', { headers: { signature: 'x'.repeat(65) } }, 'lower-case'],
    [
      'a field name with a stray sign',
      { layout: { ...fields, signature: 'v1!' } },
      'layout.signature',
    ],
    [
      'a field name with a sign before',
      { layout: { ...fields, signature: '!v1' } },
      'layout.signature',
    ],
    ['a long field name', { layout: { ...fields, signature: 'x'.repeat(17) } }, 'layout.signature'],
    ['a name with a space', { name: 'my scheme' }, 'name'],
    ['no name', { name: '' }, 'name'],
    ['an upper-case header', { headers: { signature: 'X-Sig' } }, 'lower-case'],
    ['no signature header', { headers: {} }, 'headers.signature'],
    ['another encoding', { encoding: 'base32' }, 'encoding'],
    ['another key rule', { key: 'hex' }, 'key'],
    ['a body that is not last', { signed: '{body}.{timestamp}' }, '{body}'],
    ['no body', { signed: 'x' }, '{body}'],
    ['two bodies', { signed: '{body}{body}' }, '{body}'],
    ['an unknown part', { signed: '{nonce}{body}' }, '{body}'],
    ['a stray brace', { signed: '{{body}' }, '{body}'],
    ['a signed time without a place', { signed: '{timestamp}{body}' }, 'exactly one place'],
    [
      'a place for a time not signed',
      { headers: { signature: 's', timestamp: 't' } },
      'exactly one place',
    ],
    ['an unsigned time in a field', { layout: { ...fields, timestamp: 't' } }, 'exactly one place'],
    [
      'a time in two places',
      {
        signed: '{timestamp}{body}',
        headers: { signature: 's', timestamp: 't' },
        layout: { ...fields, timestamp: 't' },
      },
      'exactly one place',
    ],
    ['a signed id without a header', { signed: '{id}{body}' }, 'headers.id'],
    ['a header for an id not signed', { headers: { signature: 's', id: 'i' } }, 'headers.id'],
    ['an unknown layout', { layout: { kind: 'xml' } }, 'layout.kind'],
    ['an empty prefix', { layout: { kind: 'single', prefix: '' } }, 'layout.prefix'],
    ['a prefix with a comma', { layout: { kind: 'single', prefix: 'a,' } }, 'layout.prefix'],
    ['a prefix with a space', { layout: { kind: 'single', prefix: 'a b' } }, 'layout.prefix'],
    ['a long prefix', { layout: { kind: 'single', prefix: 'a'.repeat(33) } }, 'layout.prefix'],
    ['an empty field name', { layout: { kind: 'fields', signature: '' } }, 'layout.signature'],
    [
      'a field name with an equals sign',
      { layout: { ...fields, timestamp: 't=' } },
      'layout.timestamp',
    ],
    ['two fields of one name', { layout: { ...fields, timestamp: 'v1' } }, 'must differ'],
  ])('%s', (_, change, problem) => {
    const call = () => Reflect.apply(defineScheme, undefined, [{ ...githubOptions, ...change }])
    expect(call).toThrow(TypeError)
    expect(call).toThrow(problem)
  })
})

describe('options at their limits', () => {
  it.each<[string, Partial<SchemeOptions>]>([
    ['a name of 64', { name: `0${'_-a1'.repeat(15)}xyz` }],
    ['a header of 64', { headers: { signature: `x${'-'.repeat(63)}` } }],
    ['a header of 1', { headers: { signature: 'x' } }],
    ['a prefix of 32', { layout: { kind: 'single', prefix: '!'.repeat(32) } }],
    ['a field name of 16', { layout: { kind: 'fields', signature: 'a1'.repeat(8) } }],
    ['a field name of 1', { layout: { kind: 'fields', signature: 'a' } }],
    ['base64', { encoding: 'base64' }],
    ['text around what is signed', { signed: 'v0:a b,{body}' }],
    ['a header that is not there', { headers: JSON.parse('{"signature":"x"}') }],
  ])('%s', async (_, change) => {
    const scheme = defineScheme({ ...githubOptions, ...change })
    const headers = await scheme.sign(message, ['s'])
    expect(await scheme.verify({ headers, body }, ['s'], options)).toMatchObject({ ok: true })
  })
})

describe('a defined scheme', () => {
  it('does not change when its options do', async () => {
    const mutable = { ...githubOptions, headers: { signature: 'x-one' } }
    const scheme = defineScheme(mutable)
    mutable.headers.signature = 'x-two'
    expect(Object.keys(await scheme.sign(message, ['s']))).toEqual(['x-one'])
    expect(Object.isFrozen(scheme)).toBe(true)
  })
})
