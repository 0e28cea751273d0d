import * as api from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { carrierOf, spanContextOf } from './trace-context'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const valid = `00-${traceId}-${spanId}-01`

describe('a traceparent', () => {
  it.each([
    ['of version 00', valid, 1],
    ['that is not sampled', `00-${traceId}-${spanId}-00`, 0],
    ['of a later version, which may go on', `cc-${traceId}-${spanId}-01-what-comes-then`, 1],
  ])('%s is read', (_, traceparent, traceFlags) => {
    const context = spanContextOf(api, { traceparent })
    expect(context).toEqual({ traceId, spanId, traceFlags, isRemote: true })
  })

  it.each([
    ['', 'without anything'],
    [`00-${traceId}-${spanId}-01-more`, 'that goes on in version 00'],
    [`ff-${traceId}-${spanId}-01`, 'of the forbidden version'],
    [`00-${'0'.repeat(32)}-${spanId}-01`, 'of no trace'],
    [`00-${traceId}-${'0'.repeat(16)}-01`, 'of no span'],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, 'in capitals'],
    [`00-${traceId}-${spanId}`, 'without flags'],
    [` ${valid}`, 'after a space'],
    [`${valid}\n`, 'before a line break'],
  ])('%j is none: one %s', (traceparent) => {
    expect(spanContextOf(api, { traceparent })).toBeUndefined()
  })

  it('is read from the metadata itself, not from what it inherits, and only from text', () => {
    expect(spanContextOf(api, Object.create({ traceparent: valid }))).toBeUndefined()
    expect(spanContextOf(api, { traceparent: [valid] })).toBeUndefined()
  })

  it('is written back as it was read, with its state', () => {
    const given = { traceparent: valid, tracestate: 'rojo=00f067aa0ba902b7,congo=t61' }
    const context = spanContextOf(api, given)
    expect(context && carrierOf(context)).toEqual(given)
  })

  it('goes without a state that is longer than everybody passes on', () => {
    const tracestate = Array.from({ length: 3 }, (_, n) => `k${n}=${'v'.repeat(200)}`).join(',')
    const context = spanContextOf(api, { traceparent: valid, tracestate })
    expect(context && carrierOf(context)).toEqual({ traceparent: valid })
  })

  it('is not written where there is no span', () => {
    expect(carrierOf(api.INVALID_SPAN_CONTEXT)).toBeUndefined()
  })
})
