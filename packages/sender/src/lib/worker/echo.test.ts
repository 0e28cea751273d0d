import { describe, expect, it } from 'vitest'
import type { AttemptRecord } from '../model/delivery'
import { blankEchoes, blankText } from './echo'

const base: AttemptRecord = { number: 1, startedAt: 0, durationMs: 1, outcome: 'http' }
const secret = 'a/b+c"d=é'

function body(text: string, secrets: readonly string[], truncated = false): string {
  const responseBody = new Uint8Array(Buffer.from(text))
  const record = { ...base, responseBody, ...(truncated ? { responseTruncated: true } : {}) }
  const left = blankEchoes(record, secrets).responseBody ?? new Uint8Array()
  expect(Buffer.from(responseBody).toString()).toBe(text)
  expect(left.byteLength).toBe(responseBody.byteLength)
  return Buffer.from(left).toString()
}

describe('an echo in an answer', () => {
  it.each([
    ['as it is', secret],
    ['as JSON', JSON.stringify(secret).slice(1, -1)],
    ['as PHP writes JSON', JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/')],
    ['in a URL', encodeURIComponent(secret)],
  ])('is blanked %s, wherever it is', (_how, spelling) => {
    const stars = '*'.repeat(Buffer.byteLength(spelling))
    expect(body(spelling, [secret])).toBe(stars)
    expect(body(`<p>${spelling}</p>${spelling}`, ['absent', secret])).toBe(
      `<p>${stars}</p>${stars}`,
    )
  })

  it('is blanked in the single bytes in which headers are sent', () => {
    const responseBody = new Uint8Array(Buffer.from(`x${secret}`, 'latin1'))
    const left = blankEchoes({ ...base, responseBody }, [secret]).responseBody
    expect(Buffer.from(left ?? []).toString('latin1')).toBe(`x${'*'.repeat(secret.length)}`)
  })

  it('is blanked where one secret is part of another, or they overlap', () => {
    expect(body('-abcdefghi-', ['cdefgh', 'abcdefghi'])).toBe('-*********-')
    expect(body('-aaaaaaaaa-', ['aaaaaa'])).toBe('-*********-')
  })

  it('is blanked where a cut body ends in its midst, and only there', () => {
    expect(body('error: token-1', ['token-123456'], true)).toBe('error: *******')
    expect(body('error: token-1', ['token-123456'])).toBe('error: token-1')
    expect(body('token-1', ['token-123456'], true)).toBe('*******')
    expect(body('error: token', ['token-123456'], true)).toBe('error: token')
  })

  it('is blanked in headers and in the text of a failure', () => {
    const record: AttemptRecord = {
      ...base,
      requestHeaders: { 'x-team': 'token-123456' },
      responseHeaders: { location: 'https://evil.example/token-123456', server: 'x' },
      error: { code: 'token-123456', message: 'pointing to /token-123456.' },
    }
    expect(blankEchoes(record, ['token-123456'])).toEqual({
      ...record,
      responseHeaders: { location: 'https://evil.example/***', server: 'x' },
      error: { code: '***', message: 'pointing to /***.' },
    })
    expect(blankText('no token-123456, no short', ['token-123456', 'short'])).toBe(
      'no ***, no short',
    )
  })

  it('is blanked in a text where one secret is part of another, or the log cut it', () => {
    expect(blankText('-abcdefghi-', ['cdefgh', 'abcdefghi'])).toBe('-***-')
    expect(blankText('at token-1…', ['token-123456'])).toBe('at ***…')
    expect(blankText('at token-1', ['token-123456'])).toBe('at token-1')
    expect(blankText('at token…', ['token-123456'])).toBe('at token…')
    const record = { ...base, responseHeaders: { server: 'token-1…' } }
    expect(blankEchoes(record, ['token-123456'])).toMatchObject({
      responseHeaders: { server: '***…' },
    })
  })

  it('is sought only of what no word is, and leaves all else as it was', () => {
    expect(body('it was a short word', ['short', ''])).toBe('it was a short word')
    const record: AttemptRecord = { ...base, responseBody: new Uint8Array([0, 255]) }
    expect(blankEchoes(record, ['token-123456'])).toBe(record)
    expect(blankEchoes(base, ['token-123456'])).toBe(base)
  })
})
