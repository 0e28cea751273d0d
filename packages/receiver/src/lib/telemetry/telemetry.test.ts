import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { memoryOrder } from '../stores/memory-order'
import { completed, failed, OTHER_SECRET, setUp, signed, signedBytes } from '../test-support'
import { testTelemetry } from './test-telemetry'

const TRACE = 'a'.repeat(32)
const PARENT = 'b'.repeat(16)
const traceparent = `00-${TRACE}-${PARENT}-01`

function bench(given: Parameters<typeof testTelemetry>[0] = {}) {
  const telemetry = testTelemetry(given)
  return { ...setUp({ telemetry: telemetry.options }), telemetry }
}

async function traced(headers: Record<string, string> = { traceparent }) {
  const request = await signed()
  return { ...request, headers: { ...request.headers, ...headers } }
}

afterEach(() => api.context.disable())

describe('the spans of a request', () => {
  it('go on in the sender’s trace, with no context manager at all', async () => {
    const { receiver, telemetry } = bench()
    receiver.on('run.completed', async () => {})
    await receiver.receive(await traced())
    const receive = telemetry.span('receive run.completed')
    const work = telemetry.span('process run.completed')
    expect(receive.spanContext().traceId).toBe(TRACE)
    expect(receive.parentSpanContext?.spanId).toBe(PARENT)
    expect(work.spanContext().traceId).toBe(TRACE)
    expect(work.parentSpanContext?.spanId).toBe(receive.spanContext().spanId)
    expect([receive.kind, work.kind]).toEqual([api.SpanKind.CONSUMER, api.SpanKind.CONSUMER])
    expect(receive.attributes).toEqual({
      'messaging.system': 'posthorn',
      'messaging.operation.name': 'receive',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': 'run.completed',
      'messaging.message.id': completed.id,
      'messaging.message.body.size': expect.any(Number),
      'posthorn.request.outcome': 'handled',
      'http.response.status_code': 200,
    })
    expect(work.attributes).toMatchObject({ 'messaging.operation.name': 'process' })
  })

  it('are active in the handler, and under the span of the host’s instrumentation', async () => {
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const { receiver, telemetry } = bench()
    receiver.on('run.completed', async () => {
      await Promise.resolve()
      telemetry.tracer.startSpan('query').end()
    })
    const server = telemetry.tracer.startSpan('POST /hooks')
    const active = api.trace.setSpan(api.ROOT_CONTEXT, server)
    const request = await traced()
    await api.context.with(active, () => receiver.receive(request))
    const receive = telemetry.span('receive run.completed')
    expect(receive.parentSpanContext?.spanId).toBe(server.spanContext().spanId)
    expect(receive.links.map(({ context }) => context.spanId)).toEqual([PARENT])
    const work = telemetry.span('process run.completed').spanContext().spanId
    expect(telemetry.span('query').parentSpanContext?.spanId).toBe(work)
  })

  it.each([
    ['another secret', { secret: OTHER_SECRET }, 'signature_mismatch'],
    ['an old signature', { at: new Date('2020-01-01') }, 'timestamp_too_old'],
  ])('leave the sender’s trace alone under %s', async (_what, how, code) => {
    const { receiver, telemetry } = bench()
    const request = await signed(completed, how)
    await receiver.receive({ ...request, headers: { ...request.headers, traceparent } })
    const span = telemetry.span('receive')
    expect(span.spanContext().traceId).not.toBe(TRACE)
    expect(span.parentSpanContext).toBeUndefined()
    expect(span.attributes).toMatchObject({ 'posthorn.request.outcome': code, 'error.type': code })
    expect(span.status.code).toBe(api.SpanStatusCode.UNSET)
  })

  it.each([
    ['none', undefined],
    ['too short', '00-1-2-01'],
    ['all zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a longer version 00', `${traceparent}-more`],
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['capitals', traceparent.toUpperCase()],
    ['two of them', `${traceparent}, ${traceparent}`],
  ])('begin a trace of their own where `traceparent` is no valid one: %s', async (_what, text) => {
    const { receiver, telemetry } = bench()
    receiver.on('run.completed', () => {})
    const result = await receiver.receive(
      await traced(text === undefined ? {} : { traceparent: text }),
    )
    expect(result.status).toBe(200)
    expect(telemetry.span('receive run.completed').parentSpanContext).toBeUndefined()
  })

  it('carry the vendors’ part, unless it is too long', async () => {
    const { receiver, telemetry } = bench()
    receiver.on('run.completed', () => {})
    await receiver.receive(await traced({ traceparent, tracestate: 'a=1' }))
    expect(telemetry.span('receive run.completed').spanContext().traceState?.serialize()).toBe(
      'a=1',
    )
    const other = bench()
    other.receiver.on('run.completed', () => {})
    const tracestate = `a=${'1'.repeat(600)}`
    await other.receiver.receive(await traced({ traceparent, tracestate }))
    const span = other.telemetry.span('receive run.completed')
    expect(span.spanContext().traceState).toBeUndefined()
  })

  it('say what a handler threw by its class alone, and that the request failed', async () => {
    const { receiver, telemetry } = bench()
    receiver.on('run.completed', () => {
      throw new RangeError('s3cret')
    })
    await receiver.receive(await signed())
    const work = telemetry.span('process run.completed')
    expect(work.attributes['error.type']).toBe('RangeError')
    expect(work.status.code).toBe(api.SpanStatusCode.ERROR)
    const receive = telemetry.span('receive run.completed')
    expect(receive.attributes['error.type']).toBe('handler_failed')
    expect(receive.status.code).toBe(api.SpanStatusCode.ERROR)
    expect(JSON.stringify(telemetry.spans().map(({ attributes }) => attributes))).not.toMatch(
      /s3cret/,
    )
  })

  it('last from the head of the request to its answer', async () => {
    const { receiver, telemetry, clock } = bench()
    const began = clock.now()
    receiver.on('run.completed', () => clock.advance('2s'))
    const { headers, body } = await signed()
    const slowly = async () => {
      await clock.advance('1s')
      return { ok: true, bytes: body } as const
    }
    await receiver.receive({ headers, body: slowly })
    const { startTime } = telemetry.span('receive run.completed')
    expect(startTime[0] * 1_000 + startTime[1] / 1e6).toBe(began)
    const [point] = await telemetry.points('posthorn.request.duration')
    expect(point?.value).toMatchObject({ count: 1, sum: 3 })
  })

  it('are one for `dispatch`, where the caller is', async () => {
    const { receiver, telemetry } = bench()
    receiver.on('run.completed', () => {})
    await receiver.dispatch(completed)
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['process run.completed'])
  })
})

describe('the metrics', () => {
  const counts = async ({ points }: ReturnType<typeof testTelemetry>) =>
    Object.fromEntries(
      (await points('posthorn.requests')).map(({ attributes, value }) => [
        Object.values(attributes).join(' '),
        value,
      ]),
    )

  async function everyOutcome(options: Parameters<typeof setUp>[0]) {
    const order = { store: memoryOrder(), key: () => 'k', version: () => 1 }
    const { receiver } = setUp({ ...options, order })
    receiver.on('run.completed', () => {})
    await receiver.receive(await signed())
    await receiver.receive(await signed())
    await receiver.receive(await signed({ ...completed, id: 'older' }))
    await receiver.receive(await signed({ ...completed, type: 'run.vanished' }))
    await receiver.receive(await signed({ ...completed, id: 'bad', data: 1 }))
    await receiver.receive(await signed(failed, { secret: OTHER_SECRET }))
    await receiver.receive(await signedBytes('{'))
  }

  it('count requests by what became of them', async () => {
    const telemetry = testTelemetry()
    await everyOutcome({ telemetry: telemetry.options })
    expect(await counts(telemetry)).toEqual({
      ...{ handled: 1, duplicate: 1, stale: 1, unknown_type: 1 },
      ...{ invalid_data: 1, signature_mismatch: 1, malformed_json: 1 },
    })
  })

  it('tell known types apart when asked to, and no others', async () => {
    const telemetry = testTelemetry()
    await everyOutcome({ telemetry: { ...telemetry.options, measureBy: ['eventType'] } })
    expect(Object.keys(await counts(telemetry)).sort()).toEqual([
      ...['duplicate run.completed', 'handled run.completed', 'invalid_data run.completed'],
      ...['malformed_json', 'signature_mismatch', 'stale run.completed', 'unknown_type'],
    ])
  })
})

describe('telemetry that fails', () => {
  const fail = () => {
    throw new RangeError('s3cret')
  }

  it.each([
    ['to start a span', { tracerProvider: { getTracer: () => ({ startSpan: fail }) } }],
    ['to end one', {}, { onStart: fail, onEnd: fail }],
    ['to count', { meterProvider: meters(fail) }],
    ['to say what is active', { api: { ...api, context: { active: fail, with: fail } } }],
    ['to run anything', { api: { ...api, context: { ...contextOf(), with: fail } } }],
    ['after it ran', { api: { ...api, context: { ...contextOf(), with: afterwards } } }],
  ])('%s changes no reply, and runs a handler once', async (_what, broken, hooks?: object) => {
    const idle = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }
    const { options } = testTelemetry({ processor: { ...idle, ...hooks } })
    const { receiver, lines } = setUp({ telemetry: { ...options, ...Object(broken) } })
    const handler = vi.fn().mockResolvedValueOnce(1).mockRejectedValueOnce(new Error('boom'))
    receiver.on('run.completed', handler)
    expect((await receiver.receive(await signed())).body).toBe('{"code":"handled"}')
    const second = await receiver.receive(await signed({ ...completed, id: 'second' }))
    expect(second.body).toBe('{"code":"handler_failed"}')
    expect(handler).toHaveBeenCalledTimes(2)
    expect(lines).toContainEqual({
      level: 'warn',
      message: 'Telemetry failed: a span or a figure is missing.',
      fields: { error: 'RangeError' },
    })
    expect(JSON.stringify(lines)).not.toContain('s3cret')
  })

  function meters(add: () => never) {
    return { getMeter: () => ({ createCounter: () => ({ add }), createHistogram: () => ({}) }) }
  }
  function contextOf() {
    return { active: () => api.ROOT_CONTEXT }
  }
  function afterwards(_context: unknown, work: () => unknown): never {
    work()
    return fail()
  }
})
