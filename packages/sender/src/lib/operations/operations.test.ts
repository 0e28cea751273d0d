import { describe, expect, it } from 'vitest'
import { createEmitter } from '../emitter'
import { run, testSender, url } from '../test-sender'
import type { Responder } from '../testing/recording-transport'
import { operationsEvents } from './catalogue'
import { recordOperations } from './recorder'
import type { OperationsEventType } from './types'

const opsUrl = 'https://operations.example/webhooks'
const all: readonly OperationsEventType[] = [
  'delivery.attempted',
  'delivery.retrying',
  'delivery.succeeded',
  'delivery.failed',
  'delivery.skipped',
  'delivery.replayed',
  'endpoint.failing',
  'endpoint.recovered',
  'endpoint.disabled',
]

/** A host with one endpoint for its events and one for operations; answers as told to the first, and 200 to the second. */
async function bench(
  answers: Exclude<Responder, (...args: never[]) => unknown>,
  events?: readonly OperationsEventType[],
  toOperations: () => number = () => 200,
) {
  let answered = 0
  const made = testSender(
    (request) => (request.url === opsUrl ? toOperations() : (answers[answered++] ?? 200)),
    {
      operations: { tenantId: 'ops', ...(events === undefined ? {} : { events }) },
      retry: { schedule: ['0s', '1m'] },
    },
  )
  const { endpoint } = await made.sender.endpoints.create({ url })
  await made.sender.tenant('ops').endpoints.create({ url: opsUrl, eventTypes: ['*'] })
  const told = () =>
    made.transport.requests
      .filter((request) => request.url === opsUrl)
      .map((request) => JSON.parse(request.text))
  const recorded = async () =>
    (await made.sender.tenant('ops').events.list({ limit: 100 })).items.length
  return { ...made, endpoint, told, recorded }
}

/** Attempts what is due, and then what that had to tell. */
async function pass({ sender }: Pick<Awaited<ReturnType<typeof bench>>, 'sender'>) {
  await sender.deliverDue()
  await sender.deliverDue()
}

describe('an operations endpoint', () => {
  it('is told what failed and what became of the endpoint, signed as anything else', async () => {
    const made = await bench([500, 410])
    const { clock, sender, endpoint, told, transport } = made
    const { eventId } = await sender.send(run)
    await pass(made)
    await clock.advance('1m')
    await pass(made)
    const ofEndpoint = { tenantId: 'default', endpointId: endpoint.id }
    expect(told().map(({ type, data }) => [type, data])).toEqual([
      ['endpoint.failing', ofEndpoint],
      ['endpoint.disabled', { ...ofEndpoint, reason: 'gone' }],
      [
        'delivery.failed',
        {
          ...{ ...ofEndpoint, deliveryId: expect.any(String), eventId },
          ...{ eventType: 'run.completed', attempts: 2, reason: 'gone' },
        },
      ],
    ])
    expect(transport.requests.at(-1)?.headers).toHaveProperty('webhook-signature')
  })

  it('is told all that it asks for, in the shape of the catalogue, and no body', async () => {
    const elsewhere = { location: 'https://elsewhere.example/their-secret' }
    const made = await bench([{ status: 307, headers: elsewhere, body: 'their-secret' }], all)
    const { clock, sender, endpoint, told } = made
    await sender.send({ ...run, data: { card: '4111-1111' } })
    await pass(made)
    await clock.advance('1m')
    await pass(made)
    const [delivery] = (await sender.deliveries.list()).items
    await sender.deliveries.replay(delivery?.id ?? '', { as: 'new' })
    await pass(made)
    const types = told().map(({ type }) => type)
    expect([...types].sort()).toEqual([
      ...['delivery.attempted', 'delivery.attempted', 'delivery.attempted'],
      ...['delivery.replayed', 'delivery.retrying', 'delivery.succeeded', 'delivery.succeeded'],
      ...['endpoint.failing', 'endpoint.recovered'],
    ])
    for (const { type, data } of told()) {
      expect(await operationsEvents.validate(type, data)).toMatchObject({ ok: true })
      expect(data).toMatchObject({ tenantId: 'default', endpointId: endpoint.id })
    }
    const failed = told().find(({ data }) => data.outcome === 'http')
    expect(failed?.data).toMatchObject({ status: 307, error: { code: 'http_307' } })
    const replayed = told().find(({ type }) => type === 'delivery.replayed')
    expect(replayed?.data).toMatchObject({ replayOf: delivery?.id, as: 'new' })
    for (const hidden of ['their-secret', '4111-1111', 'whsec_', url])
      expect(JSON.stringify(told())).not.toContain(hidden)
  })

  it('is told of each delivery that a recover brings back', async () => {
    const made = await bench([410], ['delivery.replayed'])
    const { clock, sender, endpoint, told } = made
    const since = new Date(clock.now())
    await sender.send(run)
    await pass(made)
    await sender.endpoints.enable(endpoint.id)
    await sender.recover({ since, only: 'failed' })
    await pass(made)
    expect(told()).toMatchObject([{ type: 'delivery.replayed', data: { as: 'same' } }])
  })

  it('is told of what was skipped', async () => {
    const made = await bench([], ['delivery.skipped'])
    await made.sender.send(run)
    await made.sender.endpoints.disable(made.endpoint.id)
    await pass(made)
    expect(made.told()).toMatchObject([{ type: 'delivery.skipped', data: { reason: 'disabled' } }])
  })

  it('that always fails is told nothing of that: nothing grows', async () => {
    const made = await bench([410], all, () => 500)
    await made.sender.send(run)
    await pass(made)
    const before = await made.recorded()
    expect(before).toBeGreaterThan(0)
    for (let day = 0; day < 8; day += 1) {
      await made.clock.advance('1d')
      await pass(made)
    }
    const ops = made.sender.tenant('ops')
    const [delivery] = (await ops.deliveries.list()).items
    expect(delivery).toMatchObject({ status: 'failed' })
    await ops.deliveries.replay(delivery?.id ?? '')
    await pass(made)
    expect(await made.recorded()).toBe(before)
  })

  it('is told nothing unless the host has one', async () => {
    const { sender } = testSender([410])
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    expect((await sender.operator.events.list()).items).toHaveLength(1)
  })
})

describe('recording', () => {
  const notice = { tenantId: 'acme', endpointId: 'ep_1' }

  function recorder(add: () => Promise<never>) {
    const lines: string[] = []
    const line = (_fields: object, text: string) => lines.push(text)
    const logger = { debug: line, info: line, warn: line, error: line }
    const emitter = createEmitter(logger)
    const { recorded } = recordOperations({
      operations: { tenantId: 'ops', types: new Set<OperationsEventType>(['endpoint.failing']) },
      ...{ emitter, logger, maxPayloadBytes: 10_000, inserter: { add }, now: () => 0 },
    })
    return { emitter, recorded, lines }
  }

  it('that fails is logged, and told to nobody', async () => {
    const { emitter, recorded, lines } = recorder(() => Promise.reject(new TypeError('full')))
    emitter.emit('endpoint.failing', notice)
    await recorded()
    expect(lines).toEqual(['an operations event was not recorded'])
  })

  it('that does not get on drops what is more than 10,000, and says so', async () => {
    const { emitter, lines } = recorder(() => new Promise(() => {}))
    for (let count = 0; count < 10_000; count += 1) emitter.emit('endpoint.failing', notice)
    expect(lines).toEqual([])
    emitter.emit('endpoint.failing', notice)
    expect(lines).toEqual(['an operations event was dropped: too many wait for the store'])
  })

  it('has ended when a stop has', async () => {
    const made = await bench([410])
    await made.sender.send(run)
    made.sender.start()
    await made.clock.advance(5)
    await made.sender.stop()
    expect(await made.recorded()).toBe(2)
  })
})

describe('the option `operations`', () => {
  it('knows every type of the catalogue', () => {
    expect([...operationsEvents.types].sort()).toEqual([...all].sort())
    expect(() => testSender([], { operations: { tenantId: 'ops', events: all } })).not.toThrow()
  })

  it.each([
    {},
    { tenantId: 'default' },
    { tenantId: 'o p s' },
    { tenantId: 'ops', events: [] },
    { tenantId: 'ops', events: ['delivery.*'] },
    { tenantId: 'ops', events: ['toString'] },
    { tenantId: 'ops', url: opsUrl },
  ])('cannot be %o', (operations) => {
    // @ts-expect-error what a JavaScript caller may give
    expect(() => testSender([], { operations })).toThrow(TypeError)
  })
})
