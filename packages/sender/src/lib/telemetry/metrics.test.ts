import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'
import type { Responder } from '../testing/recording-transport'
import type { TelemetryOptions } from './options'
import { resolveTelemetry } from './resolve'
import { type TestTelemetry, testTelemetry } from './test-telemetry'

async function bench(responder: Responder = [], given: Omit<TelemetryOptions, 'api'> = {}) {
  const telemetry = testTelemetry(given)
  const made = testSender(responder, { telemetry: telemetry.options })
  const { endpoint } = await made.sender.endpoints.create({ url, eventTypes: ['run.*'] })
  let readings = 0
  const { statistics } = made.store.log
  made.store.log.statistics = (tenantId) => {
    readings += 1
    return statistics(tenantId)
  }
  return { ...made, endpoint, telemetry, readings: () => readings }
}

async function value(telemetry: TestTelemetry, name: string): Promise<unknown> {
  const points = await telemetry.points(name)
  return points.map((point) => point.value)
}

describe('the metrics', () => {
  it('count claims, and attempts with their duration by outcome, and by nothing that grows', async () => {
    const late = { status: 200, delay: '2s' } as const
    const { sender, clock, telemetry } = await bench([503, late])
    for (const tenantId of ['a', 'b', 'c']) {
      const tenant = sender.tenant(tenantId)
      await tenant.endpoints.create({ url, eventTypes: ['run.*'] })
      await tenant.send(run)
    }
    const pass = sender.deliverDue()
    await clock.advance('2s')
    await pass
    expect(await telemetry.points('posthorn.claims')).toMatchObject([{ value: 3, attributes: {} }])
    const attempts = await telemetry.points('posthorn.attempts')
    const http = { 'posthorn.attempt.outcome': 'http', 'http.response.status_code': 503 }
    const success = { 'posthorn.attempt.outcome': 'success', 'http.response.status_code': 200 }
    expect(attempts.map(({ value, attributes }) => ({ value, attributes }))).toEqual([
      { value: 1, attributes: http },
      { value: 2, attributes: success },
    ])
    const durations = await telemetry.points('posthorn.attempt.duration')
    expect(durations).toMatchObject([
      { value: { sum: 0, count: 1 }, attributes: http },
      { value: { sum: 2, count: 2 }, attributes: success },
    ])
    expect(durations[0]?.value).toHaveProperty('buckets.boundaries.0', 0.005)
  })

  it('are told apart by tenant, endpoint and type where the host asks for it', async () => {
    const measureBy = ['tenant', 'endpoint', 'eventType'] as const
    const { sender, telemetry, endpoint } = await bench([410], { measureBy })
    await sender.send(run)
    await sender.deliverDue()
    const ids = { 'posthorn.tenant.id': 'default', 'posthorn.endpoint.id': endpoint.id }
    const all = { ...ids, 'messaging.destination.name': 'run.completed' }
    const [attempt] = await telemetry.points('posthorn.attempts')
    expect(attempt?.attributes).toMatchObject(all)
    expect(await telemetry.points('posthorn.claims')).toMatchObject([{ attributes: all }])
    const [disabled] = await telemetry.points('posthorn.endpoints.disabled')
    expect(disabled?.attributes).toEqual({ ...ids, 'posthorn.disabled.reason': 'gone' })
  })

  it('count endpoints that are disabled, by reason', async () => {
    const { sender, telemetry } = await bench([410])
    await sender.send(run)
    await sender.deliverDue()
    expect(await telemetry.points('posthorn.endpoints.disabled')).toMatchObject([
      { value: 1, attributes: { 'posthorn.disabled.reason': 'gone' } },
    ])
  })

  it('count outcomes that came too late for their lease', async () => {
    const { sender, store, telemetry } = await bench()
    store.deliveries.settle = async (batch) => batch.map(() => 'stale')
    await sender.send(run)
    await sender.deliverDue()
    expect(await value(telemetry, 'posthorn.leases.lost')).toEqual([1])
  })

  it('show what is in flight here, and what is due in the store', async () => {
    const { sender, clock, store, telemetry } = await bench([{ status: 200, delay: '10s' }])
    await sender.send(run)
    const pass = sender.deliverDue()
    await clock.advance('1s')
    expect(await value(telemetry, 'posthorn.deliveries.in_flight')).toEqual([1])
    expect(await value(telemetry, 'posthorn.deliveries.due')).toEqual([0])
    await clock.advance('9s')
    await pass
    await sender.send(run)
    store.host.enqueue([await sender.prepare(run)])
    await clock.advance('20s')
    expect(await value(telemetry, 'posthorn.deliveries.in_flight')).toEqual([0])
    expect(await value(telemetry, 'posthorn.deliveries.due')).toEqual([1])
    expect(await value(telemetry, 'posthorn.deliveries.oldest_due_age')).toEqual([20])
    expect(await value(telemetry, 'posthorn.events.recorded')).toEqual([1])
  })

  it('show how many endpoints have which status, whoever disabled them', async () => {
    const { sender, endpoint, clock, telemetry } = await bench()
    const { id } = endpoint
    await sender.tenant('a').endpoints.create({ url, eventTypes: ['*'], enabled: false })
    const of = async () => {
      const points = await telemetry.points('posthorn.endpoint.count')
      return points.map(({ value, attributes }) => [attributes['posthorn.endpoint.status'], value])
    }
    expect(await of()).toEqual([
      ['enabled', 1],
      ['paused', 0],
      ['disabled', 1],
    ])
    await sender.endpoints.pause(id)
    await clock.advance('15s')
    expect(await of()).toEqual([
      ['enabled', 0],
      ['paused', 1],
      ['disabled', 1],
    ])
  })

  it('read the store only when collected, and not again for the interval', async () => {
    const { clock, telemetry, readings } = await bench([], { statistics: '1m' })
    await clock.advance('1h')
    expect(readings()).toBe(0)
    await telemetry.metrics()
    await clock.advance('59s')
    await telemetry.metrics()
    expect(readings()).toBe(1)
    await clock.advance('1s')
    await telemetry.metrics()
    expect(readings()).toBe(2)
  })

  it('never read the store for more than one part in 20 of the time', async () => {
    const { clock, store, telemetry } = await bench([], { statistics: '1s' })
    const { statistics } = store.log
    let readings = 0
    store.log.statistics = async () => {
      readings += 1
      await clock.sleep(3_000)
      return statistics()
    }
    const first = telemetry.metrics()
    await clock.advance('3s')
    await first
    await clock.advance('59s')
    await telemetry.metrics()
    expect(readings).toBe(1)
    await clock.advance('1s')
    const second = telemetry.metrics()
    await clock.advance('3s')
    await second
    expect(readings).toBe(2)
  })

  it('leave out what the store does not tell, and say so in the log', async () => {
    const lines: string[] = []
    const note = (_: unknown, message: string) => lines.push(message)
    const telemetry = testTelemetry()
    const { store } = testSender([], {
      telemetry: telemetry.options,
      logger: { debug: note, info: note, warn: note, error: note },
    })
    store.log.statistics = async () => {
      throw new RangeError('gone')
    }
    expect(await telemetry.metrics()).toEqual(['posthorn.deliveries.in_flight'])
    expect(lines).toEqual(['the statistics could not be read'])
  })

  it('do without the store where the host says so', async () => {
    const { telemetry, readings } = await bench([], { statistics: false })
    expect(await telemetry.metrics()).toEqual(['posthorn.deliveries.in_flight'])
    expect(readings()).toBe(0)
  })

  it('end with the sender', async () => {
    const { sender, clock, telemetry, readings } = await bench([], { statistics: '1s' })
    await telemetry.metrics()
    await sender.stop()
    await clock.advance('1m')
    await telemetry.metrics()
    expect(readings()).toBe(1)
  })
})

describe('the option `telemetry`', () => {
  it.each([
    [{}, /telemetry\.api must be OpenTelemetry's API/],
    [{ api: { trace: {} } }, /telemetry\.api/],
    [{ tracer: 1 }, /unknown option "tracer"/],
    [{ ...testTelemetry().options, measureBy: ['url'] }, /telemetry\.measureBy must be some of/],
    [{ ...testTelemetry().options, statistics: '0s' }, /telemetry\.statistics must be longer/],
    [{ ...testTelemetry().options, meterProvider: {} }, /telemetry\.meterProvider/],
  ])('is refused when it cannot be: %#', (telemetry, message) => {
    // @ts-expect-error as a program without types calls it
    expect(() => resolveTelemetry(telemetry)).toThrow(message)
  })
})
