import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { WebhookError } from './errors'

describe('WebhookError', () => {
  it('carries code, message, details and cause', () => {
    const cause = new TypeError('below')
    const error = new WebhookError('invalid_url', 'No.', { cause, details: { url: 'x' } })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'WebhookError', code: 'invalid_url', message: 'No.' })
    expect(error.details).toEqual({ url: 'x' })
    expect(error.cause).toBe(cause)
    expect(`${error}`).toBe('WebhookError: No.')
  })

  it('has no cause unless given one, even an undefined one', () => {
    expect('cause' in new WebhookError('config', 'No.')).toBe(false)
    expect('cause' in new WebhookError('config', 'No.', { cause: undefined })).toBe(true)
  })

  it('copies and freezes details', () => {
    const details = { count: 1 }
    const error = new WebhookError('config', 'No.', { details })
    details.count = 2
    expect(error.details).toEqual({ count: 1 })
    expect(Object.isFrozen(error.details)).toBe(true)
    expect(new WebhookError('config', 'No.').details).toEqual({})
  })

  it('goes to JSON without stack and cause', () => {
    const cause = new TypeError('inner')
    const error = new WebhookError('store_failed', 'No.', { cause, details: { a: 1 } })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'WebhookError',
      code: 'store_failed',
      message: 'No.',
      details: { a: 1 },
    })
  })

  it('is told from other values, by code if wanted', () => {
    const error: unknown = new WebhookError('config', 'No.')
    expect(WebhookError.is(error)).toBe(true)
    expect(WebhookError.is(error, 'config')).toBe(true)
    expect(WebhookError.is(error, 'invalid_url')).toBe(false)
    for (const other of [new Error('x'), { code: 'config' }, null, undefined, 'config', 5]) {
      expect(WebhookError.is(other)).toBe(false)
      expect(other instanceof WebhookError).toBe(false)
    }
  })

  it('is recognised between copies of the package', async () => {
    vi.resetModules()
    const { WebhookError: Copy } = await import('./errors')
    expect(Copy).not.toBe(WebhookError)
    const theirs = new Copy('config', 'No.')
    const ours = new WebhookError('config', 'No.')
    expect(WebhookError.is(theirs, 'config')).toBe(true)
    expect(theirs instanceof WebhookError).toBe(true)
    expect(ours instanceof Copy).toBe(true)
  })

  it('leaves instanceof of a subclass to the subclass', () => {
    class Special extends WebhookError {}
    const special = new Special('config', 'No.')
    expect(special instanceof Special).toBe(true)
    expect(special instanceof WebhookError).toBe(true)
    expect(new WebhookError('config', 'No.') instanceof Special).toBe(false)
  })

  it('shows nothing of its brand', () => {
    expect(inspect(new WebhookError('config', 'No.'))).not.toContain('Symbol')
    expect(Object.keys(new WebhookError('config', 'No.'))).toEqual(['code', 'details'])
  })
})
