import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

describe('an endpoint', () => {
  it('is created with a secret that is shown once, and never listed', async () => {
    const { sender } = testSender()
    const { endpoint, secret } = await sender.endpoints.create({ url, name: 'Billing' })
    expect(secret).toMatch(/^whsec_/)
    expect(endpoint).toMatchObject({
      url,
      name: 'Billing',
      eventTypes: ['*'],
      status: 'enabled',
      health: 'healthy',
      tenantId: 'default',
    })
    const shown = JSON.stringify([
      await sender.endpoints.get(endpoint.id),
      await sender.endpoints.list(),
      await sender.operator.endpoints.list(),
    ])
    expect(shown).not.toContain(secret.slice(6))
    expect(shown).toContain(endpoint.secrets[0]?.id)
  })

  it('pages newest first', async () => {
    const { sender } = testSender()
    const ids: string[] = []
    for (let index = 0; index < 5; index += 1)
      ids.unshift((await sender.endpoints.create({ url })).endpoint.id)
    const first = await sender.endpoints.list({ limit: 3 })
    const { cursor = '' } = first
    const second = await sender.endpoints.list({ limit: 3, cursor })
    expect([...first.items, ...second.items].map((endpoint) => endpoint.id)).toEqual(ids)
    expect(second.cursor).toBeUndefined()
  })

  it('is updated; `null` takes a setting away', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({
      url,
      name: 'a',
      timeout: '3s',
      headers: { 'X-Team': 'a' },
      metadata: { team: 'a' },
    })
    const changed = await sender.endpoints.update(endpoint.id, {
      eventTypes: ['run.*'],
      name: null,
      timeout: null,
      headers: null,
    })
    expect(changed).toMatchObject({
      url,
      eventTypes: ['run.*'],
      headers: {},
      metadata: { team: 'a' },
    })
    expect(changed).not.toHaveProperty('name')
    expect(changed).not.toHaveProperty('timeout')
  })

  it('is changed by two at a time without losing either change', async () => {
    const { sender, store } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    await Promise.all([
      sender.endpoints.update(endpoint.id, { name: 'a' }),
      sender.endpoints.update(endpoint.id, { description: 'b' }),
      sender.endpoints.pause(endpoint.id),
      sender.endpoints.rotateSecret(endpoint.id),
    ])
    const changed = await sender.endpoints.get(endpoint.id)
    expect(changed).toMatchObject({ name: 'a', description: 'b', status: 'paused' })
    expect(changed.secrets).toHaveLength(2)
    store.endpoints.replace = async () => undefined
    await expect(sender.endpoints.update(endpoint.id, { name: 'c' })).rejects.toMatchObject({
      code: 'store_busy',
    })
  })

  it('that is edited between attempts is attempted as it is then', async () => {
    const { clock, sender, transport } = testSender([500])
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    await sender.endpoints.update(endpoint.id, {
      url: `${url}/moved`,
      headers: { 'X-Team': 'b' },
      timeout: '2s',
    })
    await clock.advance('5s')
    await sender.deliverDue()
    expect(transport.requests[1]).toMatchObject({ url: `${url}/moved`, timeoutMs: 2_000 })
    expect(transport.requests[1]?.headers).toMatchObject({ 'x-team': 'b' })
  })

  it('makes its deliveries wait while paused', async () => {
    const { sender, transport } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.endpoints.pause(endpoint.id)
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests).toEqual([])
    await sender.endpoints.enable(endpoint.id)
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(1)
  })

  it('skips while disabled, visibly, and brings back on enabling only what is asked for', async () => {
    const { clock, sender, transport } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send({ ...run, id: 'queued' })
    await sender.endpoints.disable(endpoint.id)
    await sender.deliverDue()
    const since = new Date(clock.now() + 1)
    await clock.advance(10)
    await sender.send({ ...run, id: 'missed' })
    await sender.deliverDue()
    expect(transport.requests).toEqual([])
    const { items } = await sender.deliveries.list()
    expect(items).toMatchObject([
      { status: 'skipped', reason: 'disabled' },
      { status: 'skipped', reason: 'disabled' },
    ])

    expect(await sender.endpoints.enable(endpoint.id, { recover: { since } })).toMatchObject({
      endpoint: { status: 'enabled' },
      recovered: { recovered: 1 },
    })
    await sender.deliverDue()
    expect(transport.requests.map((request) => request.headers['webhook-id'])).toEqual(['missed'])
  })

  it('that is deleted has its deliveries canceled and its log kept', async () => {
    const { sender, transport } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.endpoints.delete(endpoint.id)
    await sender.deliverDue()
    expect(transport.requests).toEqual([])
    expect((await sender.deliveries.list({ endpointId: endpoint.id })).items).toMatchObject([
      { status: 'canceled' },
    ])
    await expect(sender.endpoints.get(endpoint.id)).rejects.toMatchObject({
      code: 'endpoint_not_found',
    })
    await expect(sender.endpoints.delete(endpoint.id)).rejects.toMatchObject({
      code: 'endpoint_not_found',
    })
  })

  it('is disabled by 410 Gone, once, and says so', async () => {
    const { sender } = testSender(() => 410)
    const { endpoint } = await sender.endpoints.create({ url })
    const disabled: unknown[] = []
    sender.on('endpoint.disabled', (notice) => disabled.push(notice))
    await sender.sendMany([run, run])
    await sender.deliverDue()
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'gone',
    })
    expect(disabled).toEqual([{ tenantId: 'default', endpointId: endpoint.id, reason: 'gone' }])
    expect((await sender.deliveries.list()).items).toMatchObject([
      { reason: 'gone' },
      { reason: 'gone' },
    ])
  })

  it('that fails for five days without a success is disabled; one success in between heals it', async () => {
    const { clock, sender } = testSender(({ at }) =>
      at === clock.now() && healthyAt === clock.now() ? 200 : 500,
    )
    let healthyAt = 0
    const { endpoint } = await sender.endpoints.create({ url })
    const seen: string[] = []
    sender.on('endpoint.failing', () => seen.push('failing'))
    sender.on('endpoint.recovered', () => seen.push('recovered'))
    sender.on('endpoint.disabled', ({ reason }) => seen.push(reason))
    const day = async () => {
      await sender.send(run)
      await sender.deliverDue()
      await clock.advance('1d')
    }
    for (let count = 0; count < 4; count += 1) await day()
    healthyAt = clock.now()
    await day()
    for (let count = 0; count < 5; count += 1) await day()
    expect(seen).toEqual(['failing', 'recovered', 'failing'])
    await day()
    expect(seen).toEqual(['failing', 'recovered', 'failing', 'failing'])
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'failing',
    })
  })

  it('is throttled by 429 with Retry-After, together with its other deliveries, and no other endpoint', async () => {
    const { clock, sender, transport } = testSender((_request, index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '120' } } : 200,
    )
    const { endpoint } = await sender.endpoints.create({ url, eventTypes: ['run.*'] })
    await sender.endpoints.create({ url: `${url}/other`, eventTypes: ['job.*'] })
    await sender.send(run)
    await sender.deliverDue()
    await sender.sendMany([run, { ...run, type: 'job.done' }])
    await sender.deliverDue()
    expect(transport.requests.map((request) => request.url)).toEqual([url, `${url}/other`])
    expect((await sender.endpoints.get(endpoint.id)).throttledUntil).toEqual(
      new Date(clock.now() + 120_000),
    )
    await clock.advance('119s')
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(2)
    await clock.advance('1s')
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(4)
  })

  it('can be tested, whatever it subscribed to', async () => {
    const { sender, transport } = testSender()
    const { endpoint } = await sender.endpoints.create({
      url,
      eventTypes: ['never'],
      filter: { path: 'a', eq: 1 },
    })
    expect(await sender.endpoints.test(endpoint.id)).toMatchObject({ deliveries: 1 })
    await sender.deliverDue()
    expect(JSON.parse(transport.requests[0]?.text ?? '')).toMatchObject({ type: 'webhook.test' })
    await sender.endpoints.disable(endpoint.id)
    await expect(sender.endpoints.test(endpoint.id)).rejects.toMatchObject({
      code: 'invalid_endpoint',
    })
  })
})
