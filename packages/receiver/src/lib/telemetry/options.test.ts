import * as api from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { createReceiver } from '../receiver'
import { SECRET } from '../test-support'

describe('the option telemetry', () => {
  const make = (telemetry: unknown) =>
    Reflect.apply(createReceiver, undefined, [{ secrets: SECRET, idempotency: 'none', telemetry }])

  it.each([
    ['an object', 'yes'],
    ['an api', {}],
    ['the whole api', { api: { trace: {} } }],
    ['a tracer provider', { api, tracerProvider: {} }],
    ['a meter provider', { api, meterProvider: {} }],
    ['known measures', { api, measureBy: ['tenant'] }],
    ['known names', { api, sampler: 1 }],
  ])('needs %s', (_what, telemetry) => {
    expect(() => make(telemetry)).toThrow(/^createReceiver: telemetry/)
  })

  it('takes the module as it is', () => {
    expect(() => make({ api })).not.toThrow()
    createReceiver({ secrets: SECRET, idempotency: 'none', telemetry: { api } })
  })
})
