import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

describe('a dead endpoint', () => {
  it('holds back nothing but its own deliveries', async () => {
    const { clock, sender } = testSender(
      ({ url }) => ({ status: 200, delay: url.includes('dead') ? '1m' : '10ms' }),
      { worker: { concurrency: 10, perEndpoint: 4 } },
    )
    await sender.endpoints.create({ url: `${url}/dead`, eventTypes: ['dead'] })
    const { endpoint } = await sender.endpoints.create({ url, eventTypes: ['alive'] })
    sender.start()
    await sender.sendMany(Array.from({ length: 200 }, () => ({ ...run, type: 'dead' })))
    await clock.advance(10)
    await sender.sendMany(Array.from({ length: 60 }, () => ({ ...run, type: 'alive' })))
    for (let step = 0; step < 30; step += 1) await clock.advance('10ms')
    const { items } = await sender.deliveries.list({
      endpointId: endpoint.id,
      status: 'succeeded',
      limit: 100,
    })
    expect(items).toHaveLength(60)
    const stopping = sender.stop()
    await clock.advance('20s')
    await stopping
  })
})

describe('a tenant with many endpoints and a great backlog', () => {
  it('does not keep another waiting', async () => {
    const { clock, sender, transport } = testSender(() => ({ status: 200, delay: '1s' }), {
      worker: { concurrency: 10 },
    })
    const big = sender.tenant('big')
    for (let count = 0; count < 60; count += 1) await big.endpoints.create({ url: `${url}/big` })
    await big.sendMany(Array.from({ length: 20 }, () => run))
    sender.start()
    await clock.advance('1s')
    const small = sender.tenant('small')
    await small.endpoints.create({ url: `${url}/small` })
    await small.send(run)
    await clock.advance('3s')
    const first = transport.requests.findIndex((request) => request.url.endsWith('small'))
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(30)
    const stopping = sender.stop()
    await clock.advance('1s')
    await stopping
  })
})
