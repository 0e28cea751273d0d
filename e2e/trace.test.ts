import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { createReceiver } from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { toNode } from '@posthorn/receiver/node'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = provider.getTracer('e2e')
const servers: Server[] = []

// As a host's SDK does.
beforeEach(() => {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  api.trace.setGlobalTracerProvider(provider)
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
  api.trace.disable()
  api.context.disable()
  exporter.reset()
})

/** What HTTP instrumentation does with a request: a span of kind SERVER, in the trace that its header names. */
function served(headers: IncomingHttpHeaders, work: () => unknown): void {
  const [, traceId = '', spanId = ''] = String(headers.traceparent).split('-')
  const remote = { traceId, spanId, traceFlags: 1, isRemote: true }
  const parent = api.trace.setSpanContext(api.ROOT_CONTEXT, remote)
  const span = tracer.startSpan('POST /hooks', { kind: api.SpanKind.SERVER }, parent)
  api.context.with(api.trace.setSpan(parent, span), work)
  span.end()
}

async function bench({ isInstrumented = true } = {}) {
  const headers: IncomingHttpHeaders[] = []
  const secret = 'whsec_c2VjcmV0LXRoYXQtbm9ib2R5LWtub3dz'
  const receiver = createReceiver({
    secrets: [secret],
    idempotency: { store: memoryIdempotency(), source: 'host' },
    ...(isInstrumented ? {} : { telemetry: { api } }),
  })
  receiver.on('run.completed', async () => tracer.startSpan('handler').end())
  const answer = toNode(receiver)
  const server = createServer((request, response) => {
    headers.push(request.headers)
    if (isInstrumented) served(request.headers, () => answer(request, response))
    else answer(request, response).catch(() => response.destroy())
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  const sender = createSender({
    store: memoryStore(),
    network: { development: true },
    telemetry: { api },
  })
  const url = `http://127.0.0.1:${address.port}/hooks/s3cret?token=s3cret`
  await sender.endpoints.create({ url, eventTypes: ['run.*'], secret })
  return { sender, headers }
}

const chain = (): readonly string[] => {
  const spans = exporter.getFinishedSpans()
  const walk = (id: string | undefined): readonly string[] => {
    const span = spans.find((one) => one.spanContext().spanId === id)
    return span === undefined ? [] : [...walk(span.parentSpanContext?.spanId), span.name]
  }
  const leaf = spans.find(({ name }) => name === 'handler')
  return walk(leaf?.spanContext().spanId)
}

describe('a trace, over HTTP', () => {
  it('goes from what the host did, through the delivery, to the receiver’s handler', async () => {
    const { sender } = await bench()
    await tracer.startActiveSpan('host', async (span) => {
      await sender.send({ type: 'run.completed', data: {} })
      span.end()
    })
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(chain()).toEqual([
      'host',
      'send run.completed',
      'deliver run.completed',
      'POST /hooks',
      'handler',
    ])
    const traces = exporter.getFinishedSpans().map((span) => span.spanContext().traceId)
    expect(new Set(traces).size).toBe(1)
    const attributes = exporter.getFinishedSpans().map((span) => span.attributes)
    expect(JSON.stringify(attributes)).not.toContain('s3cret')
    await sender.stop()
  })

  it('goes on in the receiver’s own telemetry, without HTTP instrumentation', async () => {
    const { sender } = await bench({ isInstrumented: false })
    await sender.send({ type: 'run.completed', data: {} })
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(chain()).toEqual([
      'send run.completed',
      'deliver run.completed',
      'receive run.completed',
      'process run.completed',
      'handler',
    ])
    await sender.stop()
  })

  it('has one `traceparent` though undici is instrumented, too', async () => {
    const instrument = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !('request' in message)) return
      const { request } = message
      const span = tracer.startSpan('POST')
      const { traceId, spanId } = span.spanContext()
      if (api.isSpanContextValid(span.spanContext()) && hasAddHeader(request))
        request.addHeader('traceparent', `00-${traceId}-${spanId}-01`)
      span.end()
    }
    subscribe('undici:request:create', instrument)
    const { sender, headers } = await bench()
    await sender.send({ type: 'run.completed', data: {} })
    await sender.deliverDue()
    unsubscribe('undici:request:create', instrument)
    expect(headers[0]?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(exporter.getFinishedSpans().map(({ name }) => name)).not.toContain('POST')
    await sender.stop()
  })
})

function hasAddHeader(
  request: unknown,
): request is { addHeader(name: string, value: string): void } {
  return typeof request === 'object' && request !== null && 'addHeader' in request
}
