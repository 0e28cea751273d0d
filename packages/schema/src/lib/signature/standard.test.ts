import { describe, expect, it } from 'vitest'
import { schemes } from './standard'
import {
  accepted,
  body,
  message,
  other,
  right,
  secret,
  signedBy,
  signing,
  timestamp,
  tolerance,
  verify,
  verifying,
} from './standard.samples'

describe('standard', () => {
  it('describes itself', () => {
    expect(schemes.standard.name).toBe('standard')
    expect(schemes.standard.covers).toEqual({ id: true, time: true })
    expect(schemes.standard.headers).toEqual([
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ])
    expect(schemes.svix.name).toBe('svix')
    expect(schemes.svix.headers).toEqual(['svix-id', 'svix-timestamp', 'svix-signature'])
  })

  it('tells the id, the time and which secret it was', async () => {
    expect(await verify(signedBy(right))).toEqual(accepted)
    expect(await verify(signedBy(right), { secrets: [other, secret] })).toEqual({
      ...accepted,
      secretIndex: 1,
    })
  })

  it('keeps to the header names of its brand', async () => {
    const options = { now: timestamp, tolerance }
    const request = { headers: signedBy(right), body }
    const result = await schemes.svix.verify(request, [secret], options)
    expect(result).toEqual({ ok: false, code: 'missing_header' })
    expect(Object.keys(await schemes.svix.sign(message, [secret]))).toEqual(schemes.svix.headers)
  })

  it('signs with every secret, in order, and is verified by each', async () => {
    const headers = await schemes.standard.sign(message, [other, secret, signing])
    const entries = headers['webhook-signature']?.split(' ') ?? []
    expect(entries.map((entry) => entry.split(',')[0])).toEqual(['v1', 'v1', 'v1a'])
    expect(entries[1]).toBe(right)
    for (const each of [other, secret, verifying]) {
      expect(await verify(headers, { secrets: [each] })).toEqual(accepted)
    }
  })

  it('reads a Headers object', async () => {
    expect(await verify(new Headers(signedBy(right)))).toEqual(accepted)
  })
})

describe('the tolerance', () => {
  it.each([
    [299, true],
    [300, true],
    [300.5, 'timestamp_too_old'],
    [301, 'timestamp_too_old'],
    [-299, true],
    [-300, true],
    [-300.5, 'timestamp_too_new'],
    [-301, 'timestamp_too_new'],
    [-86_400, 'timestamp_too_new'],
  ])('at an age of %d s', async (age, outcome) => {
    const result = await verify(signedBy(right), { now: timestamp + age })
    expect(result).toEqual(outcome === true ? accepted : { ok: false, code: outcome })
  })

  it('has two ends of their own', async () => {
    const uneven = { past: 10, future: 20 }
    const at = (age: number) => verify(signedBy(right), { now: timestamp + age, tolerance: uneven })
    expect(await at(10)).toEqual(accepted)
    expect(await at(11)).toEqual({ ok: false, code: 'timestamp_too_old' })
    expect(await at(-20)).toEqual(accepted)
    expect(await at(-21)).toEqual({ ok: false, code: 'timestamp_too_new' })
  })

  it('may be nothing, or endless', async () => {
    const none = { past: 0, future: 0 }
    expect(await verify(signedBy(right), { tolerance: none })).toEqual(accepted)
    const endless = { past: Number.POSITIVE_INFINITY, future: 0 }
    expect(await verify(signedBy(right), { now: 9e9, tolerance: endless })).toEqual(accepted)
  })

  it.each([
    [Number.NaN, tolerance],
    [Number.POSITIVE_INFINITY, tolerance],
    [timestamp, { past: Number.NaN, future: 300 }],
    [timestamp, { past: 300, future: Number.NaN }],
    [timestamp, { past: -1, future: 300 }],
    [timestamp, { past: 300, future: -1 }],
  ])('of now %d and %o is the caller’s mistake', async (now, bad) => {
    const verified = verify(signedBy(right), { now, tolerance: bad })
    await expect(verified).rejects.toMatchObject({
      code: 'invalid_argument',
      message: Number.isFinite(now)
        ? 'tolerance needs past and future in seconds, each 0 or more.'
        : 'now must be a number of unix seconds.',
    })
  })
})

describe('the timestamp', () => {
  it.each([
    '',
    ' 1614265330',
    '1614265330 ',
    '1614265330\n',
    '161426533',
    '16142653300',
    '0614265330',
    '-1614265330',
    '+1614265330',
    '1.61426533e9',
    '0x60380db2aa',
    '１６１４２６５３３０',
    'NaN',
    'Infinity',
    '2021-02-25T15:02:10Z',
  ])('%j is malformed', async (text) => {
    const headers = { ...signedBy(right), 'webhook-timestamp': text }
    expect(await verify(headers)).toEqual({ ok: false, code: 'malformed_header' })
  })
})

describe('the id', () => {
  it.each(['', 'a.b', 'a b', 'a\n', 'é', 'a/b', 'x'.repeat(129)])(
    '%j is malformed',
    async (text) => {
      const headers = { ...signedBy(right), 'webhook-id': text }
      expect(await verify(headers)).toEqual({ ok: false, code: 'malformed_header' })
    },
  )

  it.each(['a', '_-', '__proto__', 'x'.repeat(128)])('%j is fine', async (text) => {
    const headers = await schemes.standard.sign({ ...message, id: text }, [secret])
    expect(await verify(headers)).toEqual({ ...accepted, id: text })
  })
})
