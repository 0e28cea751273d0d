import { WebhookError } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { retryAfterOf, retryLater } from './handler'
import { setUp, signed } from './test-support'

describe('retryLater', () => {
  it('makes an error that says when', () => {
    const cause = new Error('rate limited')
    const error = retryLater('30s', { cause })
    expect(WebhookError.is(error, 'handler_retry')).toBe(true)
    expect(error.details).toEqual({ retryAfterMs: 30_000 })
    expect(error.cause).toBe(cause)
    expect(error.message).toContain('30s')
    expect(retryLater('1s')).not.toHaveProperty('cause')
  })

  it('needs a duration', () => {
    // @ts-expect-error: no duration
    expect(() => retryLater('soon')).toThrow(TypeError)
    // @ts-expect-error: a bare number
    expect(() => retryLater(30)).toThrow('retryLater')
  })

  it.each([
    [retryLater('2m'), 120_000],
    [retryLater('0s'), 0],
    [new WebhookError('handler_retry', '', { details: { retryAfterMs: 'soon' } }), undefined],
    [new WebhookError('handler_failed', '', { details: { retryAfterMs: 5 } }), undefined],
    [new Error('x'), undefined],
    [undefined, undefined],
  ])('is recognised in %s', (error, ms) => {
    expect(retryAfterOf(error)).toBe(ms)
  })

  it('never says to come back at once', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {
      throw retryLater('0s')
    })
    expect((await receiver.receive(await signed())).headers['retry-after']).toBe('1')
  })
})
