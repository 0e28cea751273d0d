import { describe, expect, it } from 'vitest'
import { failure } from '../model/testing/outcomes'
import { run, testSender, url } from '../test-sender'
import { heldTransport } from './test-transport'

const says = (status: number, directive: string) => ({
  status,
  headers: { 'Webhook-Delivery': directive },
})

describe('the response header webhook-delivery', () => {
  it('disable: the endpoint gets nothing more, and its owner sees why', async () => {
    const { sender, transport } = testSender([says(500, 'disable')], { responseDirectives: true })
    const disabled: unknown[] = []
    sender.on('endpoint.disabled', (notice) => disabled.push(notice.reason))
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    expect(await sender.deliverDue()).toMatchObject({ failed: 1, retrying: 0 })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(1)
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'requested',
    })
    expect(disabled).toEqual(['requested'])
    const { items } = await sender.deliveries.list()
    expect(items.map(({ status, reason }) => [status, reason])).toEqual([
      ['skipped', 'disabled'],
      ['failed', 'aborted'],
    ])
    const [attempt] = await sender.deliveries.attempts(items[1]?.id ?? '')
    expect(attempt?.responseHeaders).toEqual({ 'webhook-delivery': 'disable' })
  })

  it('abort-message: that delivery alone ends', async () => {
    const { sender, transport } = testSender([says(422, 'abort-message')], {
      responseDirectives: true,
    })
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    expect(await sender.deliverDue()).toMatchObject({ failed: 1 })
    await sender.send(run)
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(transport.requests).toHaveLength(2)
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ status: 'enabled' })
  })

  it('is not heeded unless the host says so', async () => {
    const { sender } = testSender([says(500, 'disable'), says(500, 'abort-message')])
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.sendMany([run, run])
    expect(await sender.deliverDue()).toMatchObject({ retrying: 2, failed: 0 })
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ status: 'enabled' })
  })

  it('does not disable an endpoint that has moved meanwhile', async () => {
    const held = heldTransport()
    const { clock, sender } = testSender([], { transport: held, responseDirectives: true })
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    const pass = sender.deliverDue()
    await clock.advance(1)
    await sender.endpoints.update(endpoint.id, { url: `${url}/moved` })
    held.answer(200, { 'webhook-delivery': 'disable' })
    expect(await pass).toMatchObject({ succeeded: 1 })
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ status: 'enabled' })
  })
})

it('the sender’s own fault is retried, and leaves the endpoint healthy', async () => {
  const late = failure({ errorClass: 'dns', code: 'dns_timeout', blame: 'sender' })
  const { sender } = testSender([late])
  const { endpoint } = await sender.endpoints.create({ url })
  await sender.send(run)
  expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
  expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'healthy' })
})
