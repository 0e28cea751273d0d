import { describe, expect, it } from 'vitest'
import { failureOf } from '../test-support'
import { defineScheme } from './define-scheme'
import { body, github, message, now, options, slack, stripe, tolerance } from './schemes.samples'

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
