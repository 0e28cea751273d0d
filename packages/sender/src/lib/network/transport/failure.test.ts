import { describe, expect, it } from 'vitest'
import { hungUp, proxyFailed, unreachable } from './failure'

const closed = {
  errorClass: 'network',
  code: 'closed',
  message: 'It broke.',
  detail: 'other side',
} as const

describe('a target that hung up', () => {
  it('is told from others where it is public', () => {
    expect(hungUp(closed, false)).toBe(closed)
  })

  it('reads like one that cannot be reached where it is private; the log has the cause', () => {
    const { code, message } = unreachable('network', '')
    const detail = 'connected, then other side'
    expect(hungUp(closed, true)).toEqual({ errorClass: 'network', code, message, detail })
  })

  it.each([
    unreachable('network', 'connect ECONNREFUSED 10.0.0.5:80'),
    proxyFailed('proxy_closed', 'closed before it answered', false),
    { errorClass: 'tls', code: 'CERT_HAS_EXPIRED', message: 'It has expired.' } as const,
    { errorClass: 'protocol', code: 'malformed_response', message: 'It is no HTTP.' } as const,
  ])('stays what it is otherwise: $code', (failure) => {
    expect(hungUp(failure, true)).toBe(failure)
  })
})
