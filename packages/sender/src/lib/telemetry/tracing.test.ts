import * as api from '@opentelemetry/api'
import { AlwaysOffSampler, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SenderOptions } from '../options'
import type { SyncTransactions } from '../ports/store'
import { run, testSender, url } from '../test-sender'
import type { Responder } from '../testing/recording-transport'
import { followContexts, type TestTelemetry, testTelemetry } from './test-telemetry'

beforeAll(followContexts)
afterAll(() => api.context.disable())

type Options = Partial<SenderOptions<never, SyncTransactions<undefined>>>

async function bench(
  responder: Responder = [],
  options: Options = {},
  telemetry: TestTelemetry = testTelemetry(),
) {
  const made = testSender(responder, { telemetry: telemetry.options, ...options })
  const { endpoint } = await made.sender.endpoints.create({ url })
  return { ...made, telemetry, endpoint }
}

const inHostSpan = (telemetry: TestTelemetry, work: () => Promise<unknown>) =>
  telemetry.tracer.startActiveSpan('host', async (span) => {
    await work()
    span.end()
  })

const timedOut = {
  kind: 'error',
  errorClass: 'timeout',
  code: 'deadline',
  message: 'No answer in time.',
  durationMs: 15_000,
} as const
const given = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'rojo=1' }

describe('the trace of an event', () => {
  it('goes from the caller’s span through `send` to each attempt, and on with the request', async () => {
    const { sender, clock, transport, telemetry } = await bench([503, 200])
    await inHostSpan(telemetry, () => sender.send(run))
    await sender.deliverDue()
    await clock.advance('1h')
    await sender.deliverDue()

    const host = telemetry.span('host')
    const send = telemetry.span('send run.completed')
    const attempts = telemetry.spans().filter(({ name }) => name === 'deliver run.completed')
    expect(send.parentSpanContext?.spanId).toBe(host.spanContext().spanId)
    expect(send.kind).toBe(api.SpanKind.PRODUCER)
    expect(attempts).toHaveLength(2)
    for (const [index, attempt] of attempts.entries()) {
      const { traceId, spanId } = attempt.spanContext()
      expect(traceId).toBe(host.spanContext().traceId)
      expect(attempt.parentSpanContext?.spanId).toBe(send.spanContext().spanId)
      expect(attempt.kind).toBe(api.SpanKind.CLIENT)
      const { headers } = transport.requests[index] ?? {}
      expect(headers?.traceparent).toBe(`00-${traceId}-${spanId}-01`)
    }
  })

  it('is kept in the event’s metadata, and shown with the attempt', async () => {
    const { sender, telemetry, transport } = await bench()
    const { eventId } = await sender.send({ ...run, metadata: { region: 'eu' } })
    await sender.deliverDue()
    const { traceId, spanId } = telemetry.span('send run.completed').spanContext()
    const traceparent = `00-${traceId}-${spanId}-01`
    expect((await sender.events.get(eventId)).metadata).toEqual({ region: 'eu', traceparent })
    const { items } = await sender.deliveries.list()
    const [attempt] = await sender.deliveries.attempts(items[0]?.id ?? '')
    expect(attempt?.requestHeaders?.traceparent).toBe(transport.requests[0]?.headers.traceparent)
  })

  it('is kept by an event that is prepared, and recorded in a transaction', async () => {
    const { sender, telemetry, transport } = await bench()
    sender.enqueue(await sender.prepare(run))
    await sender.deliverDue()
    const create = telemetry.span('create run.completed')
    const attempt = telemetry.span('deliver run.completed')
    expect(create.kind).toBe(api.SpanKind.PRODUCER)
    expect(attempt.parentSpanContext?.spanId).toBe(create.spanContext().spanId)
    expect(transport.requests[0]?.headers.traceparent).toContain(attempt.spanContext().spanId)
  })

  it('is of its own for each event of `sendMany`, linked by the span that recorded them', async () => {
    const { sender, telemetry } = await bench()
    await sender.sendMany([run, { ...run, type: 'run.failed' }])
    const created = ['create run.completed', 'create run.failed'].map(telemetry.span)
    const send = telemetry.span('send')
    expect(send.kind).toBe(api.SpanKind.CLIENT)
    expect(send.attributes['messaging.batch.message_count']).toBe(2)
    expect(send.links.map(({ context }) => context.spanId)).toEqual(
      created.map((span) => span.spanContext().spanId),
    )
  })

  it('is the one that the caller gave in the metadata, to which `send` links', async () => {
    const { sender, telemetry, transport } = await bench()
    const { eventId } = await sender.send({ ...run, metadata: given })
    await sender.prepare({ ...run, metadata: given })
    await sender.deliverDue()
    expect((await sender.events.get(eventId)).metadata).toEqual(given)
    const attempt = telemetry.span('deliver run.completed')
    expect(attempt.parentSpanContext).toMatchObject({ spanId: 'b'.repeat(16), isRemote: true })
    expect(transport.requests[0]?.headers).toMatchObject({
      traceparent: `00-${'a'.repeat(32)}-${attempt.spanContext().spanId}-01`,
      tracestate: 'rojo=1',
    })
    const links = telemetry.span('send run.completed').links
    expect(links.map(({ context }) => context.traceId)).toEqual(['a'.repeat(32)])
    expect(telemetry.spans().map(({ name }) => name)).not.toContain('create run.completed')
  })

  it('begins with the attempt where the event has none, or none that can be read', async () => {
    const { sender, telemetry } = await bench()
    await sender.send({ ...run, metadata: { traceparent: 'nonsense' } })
    await sender.deliverDue()
    // What the caller gave is no context, so that of `send` takes its place.
    const send = telemetry.span('send run.completed').spanContext()
    expect(telemetry.span('deliver run.completed').parentSpanContext?.spanId).toBe(send.spanId)
  })

  it('is carried on unsampled, too', async () => {
    const telemetry = testTelemetry({ sampler: new AlwaysOffSampler() })
    const { sender, transport } = await bench([], {}, telemetry)
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests[0]?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(telemetry.spans()).toEqual([])
  })

  it('is not begun without a registered SDK, and a given one goes on as it is', async () => {
    const { sender, transport } = await bench([], { telemetry: { api } })
    await sender.send(run)
    await sender.send({ ...run, metadata: given })
    await sender.deliverDue()
    const [none, some] = transport.requests.map(({ headers }) => headers)
    expect(none).not.toHaveProperty('traceparent')
    expect(some).toMatchObject(given)
  })

  it('ends where the sender runs on: a started worker is in no trace', async () => {
    const { sender, store, clock, telemetry } = await bench()
    const seen: (api.Span | undefined)[] = []
    const { claim } = store.deliveries
    store.deliveries.claim = (request) => {
      seen.push(api.trace.getActiveSpan())
      return claim(request)
    }
    await inHostSpan(telemetry, async () => sender.start())
    await clock.advance('2s')
    await sender.stop()
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.every((span) => span === undefined)).toBe(true)
  })
})

describe('a span', () => {
  it('names what it is about by the semantic conventions, without path, query or user', async () => {
    const { sender, telemetry } = await bench([200])
    const { endpoint } = await sender.endpoints.create({
      url: 'https://hooks.example:8443/T0/s3cret?key=s3cret',
      eventTypes: ['run.failed'],
    })
    await sender.send({ ...run, type: 'run.failed', id: 'evt_1' })
    await sender.deliverDue()
    const attempt = telemetry
      .spans()
      .find(({ attributes }) => attributes['posthorn.endpoint.id'] === endpoint.id)
    expect(attempt?.attributes).toMatchObject({
      'messaging.system': 'posthorn',
      'messaging.operation.name': 'deliver',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'run.failed',
      'messaging.message.id': 'evt_1',
      'http.request.method': 'POST',
      'server.address': 'hooks.example',
      'server.port': 8443,
      'url.scheme': 'https',
      'posthorn.tenant.id': 'default',
      'posthorn.event.id': 'evt_1',
    })
    expect(JSON.stringify(telemetry.spans().map(shown))).not.toMatch(/s3cret|whsec|runId/)
  })

  it('has no attribute that the conventions do not know, beside our own', async () => {
    const { sender, telemetry, clock } = await bench([503, timedOut, 200])
    await sender.sendMany([run])
    await sender.send(run)
    await sender.deliverDue()
    await clock.advance('1h')
    await sender.deliverDue()
    const known = new Set<unknown>(Object.values(conventions))
    const used = telemetry.spans().flatMap(({ attributes }) => Object.keys(attributes))
    expect(used.length).toBeGreaterThan(20)
    expect(used.filter((key) => !known.has(key) && !key.startsWith('posthorn.'))).toEqual([])
  })

  it('of an attempt says what came of it, and which attempt it was', async () => {
    const { sender, telemetry, clock } = await bench([503, timedOut, 200])
    await sender.send(run)
    for (let pass = 0; pass < 3; pass += 1) {
      await sender.deliverDue()
      await clock.advance('1h')
    }
    const attempts = telemetry.spans().filter(({ name }) => name.startsWith('deliver'))
    expect(
      attempts.map(({ attributes, status }) => [
        attributes['posthorn.attempt.outcome'],
        attributes['error.type'],
        attributes['http.response.status_code'],
        attributes['http.request.resend_count'],
        status.code,
      ]),
    ).toEqual([
      ['http', '503', 503, undefined, api.SpanStatusCode.ERROR],
      ['timeout', 'timeout', undefined, 1, api.SpanStatusCode.ERROR],
      ['success', undefined, 200, 2, api.SpanStatusCode.UNSET],
    ])
  })

  it('of a refused `send` has the code of the error and none of its text', async () => {
    const { sender, telemetry } = await bench()
    await expect(sender.send({ ...run, timestamp: 'yesterday' })).rejects.toThrow()
    const { attributes, status } = telemetry.span('send run.completed')
    expect(attributes['error.type']).toBe('invalid_event')
    expect(status).toEqual({ code: api.SpanStatusCode.ERROR })
  })

  it('that the host’s processor refuses takes neither the event nor the delivery with it', async () => {
    const refuse = () => {
      throw new Error('no')
    }
    const processor: SpanProcessor = {
      onStart: refuse,
      onEnd: refuse,
      forceFlush: async () => {},
      shutdown: async () => {},
    }
    const lines: string[] = []
    const note = (_: unknown, message: string) => lines.push(message)
    const logger = { debug: note, info: note, warn: note, error: note }
    const { sender } = await bench([200], { logger }, testTelemetry({ processor }))
    await sender.send(run)
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(lines).toContain('telemetry failed: a span or a figure is missing')
  })

  it('is the only one of its request: the host’s own HTTP instrumentation makes none beneath', async () => {
    const telemetry = testTelemetry()
    const { sender } = await bench(
      () => {
        telemetry.tracer.startSpan('POST by the instrumentation').end()
        return 200
      },
      {},
      telemetry,
    )
    await sender.send(run)
    await sender.deliverDue()
    expect(telemetry.spans().map(({ name }) => name)).toEqual([
      'send run.completed',
      'deliver run.completed',
    ])
  })
})

const shown = ({ name, attributes, status, events }: ReturnType<TestTelemetry['span']>) => ({
  name,
  attributes,
  status,
  events,
})
