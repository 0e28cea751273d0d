import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

describe("an endpoint's rate limit and order", () => {
  it('are shown as they were given, survive other changes, and go with null', async () => {
    const { sender } = testSender()
    const terms = { rateLimit: { limit: 50, per: '1s' }, ordered: 'block' } as const
    const { endpoint } = await sender.endpoints.create({ url, ...terms })
    const shown = { rateLimit: { limit: 50, per: '1000ms' }, ordered: 'block' }
    expect(endpoint).toMatchObject(shown)
    expect(await sender.endpoints.update(endpoint.id, { name: 'other' })).toMatchObject(shown)
    const changed = await sender.endpoints.update(endpoint.id, {
      rateLimit: { limit: 1, per: '24h' },
      ordered: 'proceed',
    })
    expect(changed).toMatchObject({
      rateLimit: { limit: 1, per: '86400000ms' },
      ordered: 'proceed',
    })
    const without = await sender.endpoints.update(endpoint.id, { rateLimit: null, ordered: null })
    expect(without).not.toHaveProperty('rateLimit')
    expect(without).not.toHaveProperty('ordered')
  })
})

describe('an endpoint that moves to another URL', () => {
  it('has a clean slate: neither failing, nor throttled, nor waiting for a probe', async () => {
    const unavailable = { status: 503, headers: { 'retry-after': '3600' } }
    const { clock, sender, transport } = testSender(({ url: at }) =>
      at.endsWith('moved') ? 200 : unavailable,
    )
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    await clock.advance('1h')
    await sender.deliverDue()
    const failing = await sender.endpoints.get(endpoint.id)
    expect(failing).toMatchObject({ health: 'failing' })
    expect(failing.nextProbeAt?.getTime()).toBeGreaterThan(clock.now())
    const moved = await sender.endpoints.update(endpoint.id, { url: `${url}/moved` })
    expect(moved).toMatchObject({ health: 'healthy' })
    expect(moved).not.toHaveProperty('throttledUntil')
    expect(moved).not.toHaveProperty('nextProbeAt')
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests.at(-1)?.url).toBe(`${url}/moved`)
  })
})
