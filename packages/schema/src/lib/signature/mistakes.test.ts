import { describe, expect, it } from 'vitest'
import { failureOf } from '../test-support'
import { schemes } from './standard'
import {
  accepted,
  body,
  message,
  other,
  right,
  secret,
  signedBy,
  timestamp,
  tolerance,
  verify,
} from './standard.samples'

describe('the caller’s mistakes', () => {
  const signUntyped = (change: object) =>
    failureOf(() =>
      Reflect.apply(schemes.standard.sign, undefined, [{ ...message, ...change }, [secret]]),
    )

  it.each([{ id: 'a.b' }, { id: '' }, { id: 'x'.repeat(129) }, { id: 5 }, { id: undefined }])(
    'sign: %o',
    async (change) => {
      expect(await signUntyped(change)).toMatchObject({
        code: 'invalid_argument',
        message: 'id must match [A-Za-z0-9_-]{1,128}.',
      })
    },
  )

  it.each([
    0,
    999_999_999,
    1_614_265_330.5,
    1_614_265_330_000,
    Number.NaN,
    -1_614_265_330,
    1e10,
    '1614265330',
    undefined,
  ])('sign: timestamp %o', async (bad) => {
    expect(await signUntyped({ timestamp: bad })).toMatchObject({
      code: 'invalid_argument',
      message: 'timestamp must be whole unix seconds, not milliseconds.',
    })
  })

  it('takes timestamps of ten digits', async () => {
    for (const good of [1_000_000_000, 9_999_999_999]) {
      const headers = await schemes.standard.sign({ ...message, timestamp: good }, [secret])
      expect(headers['webhook-timestamp']).toBe(String(good))
    }
  })

  it('no secret at all', async () => {
    const refusal = {
      code: 'invalid_argument',
      message: 'secrets must be an array of at least one secret.',
    }
    await expect(schemes.standard.sign(message, [])).rejects.toMatchObject(refusal)
    await expect(verify(signedBy(right), { secrets: [] })).rejects.toMatchObject(refusal)
    const alone = [{ headers: {}, body }, secret, { now: timestamp, tolerance }]
    const error = await failureOf(() => Reflect.apply(schemes.standard.verify, undefined, alone))
    expect(error).toMatchObject(refusal)
  })

  it.each([
    [undefined, 'now must be a number of unix seconds.'],
    [null, 'now must be a number of unix seconds.'],
    [{ tolerance }, 'now must be a number of unix seconds.'],
    [{ now: timestamp }, 'tolerance needs past and future in seconds, each 0 or more.'],
    [
      { now: timestamp, tolerance: null },
      'tolerance needs past and future in seconds, each 0 or more.',
    ],
  ])('verify with the options %o', async (options, message) => {
    const given = [{ headers: {}, body }, [secret], options]
    const error = await failureOf(() => Reflect.apply(schemes.standard.verify, undefined, given))
    expect(error).toMatchObject({ code: 'invalid_argument', message })
  })

  it('a bad secret shows even if another one matches, and whatever was sent', async () => {
    const secrets = [secret, 'whsec_short']
    const code = 'invalid_secret'
    await expect(verify(signedBy(right), { secrets })).rejects.toMatchObject({ code })
    await expect(verify({}, { secrets })).rejects.toMatchObject({ code })
  })

  it('signs with 8 secrets, not with 9', async () => {
    const many = (count: number) => Array<string>(count).fill(secret)
    const headers = await schemes.standard.sign(message, many(8))
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(8)
    await expect(schemes.standard.sign(message, many(9))).rejects.toMatchObject({
      code: 'too_many_secrets',
      message: 'At most 8 secrets can sign a message, not 9. Revoke old ones.',
    })
  })

  it('verifies with more than 8', async () => {
    const secrets = [...Array<string>(9).fill(other), secret]
    expect(await verify(signedBy(right), { secrets })).toEqual({ ...accepted, secretIndex: 9 })
  })
})
