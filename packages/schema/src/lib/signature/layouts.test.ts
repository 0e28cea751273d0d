import { describe, expect, it } from 'vitest'
import { failureOf } from '../test-support'
import { defineScheme } from './define-scheme'
import {
  body,
  github,
  malformed,
  message,
  now,
  options,
  shopifyOptions,
  stripe,
  stripeOptions,
} from './schemes.samples'

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
