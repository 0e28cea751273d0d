import { describe, expect, it } from 'vitest'
import { OTHER_SECRET, setUp, signed } from '../test-support'
import { deliver, deliverConcurrently } from './deliver'
import { type WebhookMatchers, webhookMatchers } from './matchers'

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the parameters must be those of vitest
  interface Matchers<T = any> extends WebhookMatchers<void> {}
}

expect.extend(webhookMatchers)

const { toAcceptWebhook, toHandleOnce, toRejectWebhook } = webhookMatchers
const handled = { status: 200, body: '{"code":"handled"}' }
const duplicate = { status: 200, body: '{"code":"duplicate"}' }
const inFlight = { status: 409, body: '{"code":"duplicate_in_flight"}' }
const mismatch = { status: 401, body: '{"code":"signature_mismatch"}' }

describe('the matchers', () => {
  it('read the answers of a receiver', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', async () => {})
    const forged = await signed(undefined, { secret: OTHER_SECRET })
    expect(await deliver(receiver, forged)).toRejectWebhook('signature_mismatch')
    expect(await deliver(receiver, forged)).not.toAcceptWebhook()
    expect(await deliverConcurrently(receiver, await signed(), 10)).toHandleOnce()
    expect(await deliver(receiver, await signed())).toAcceptWebhook()
    expect(await deliver(receiver, await signed())).not.toRejectWebhook()
  })

  it.each([
    [200, true],
    [204, true],
    [299, true],
    [199, false],
    [300, false],
    [409, false],
    [500, false],
  ])('toAcceptWebhook: %i is %s', (status, pass) => {
    expect(toAcceptWebhook({ status }).pass).toBe(pass)
    expect(toAcceptWebhook({ statusCode: status }).pass).toBe(pass)
  })

  it.each([
    [mismatch, undefined, true],
    [mismatch, 'signature_mismatch', true],
    [mismatch, 'missing_header', false],
    [{ statusCode: 401, body: { code: 'signature_mismatch' } }, 'signature_mismatch', true],
    [{ status: 400, body: 'not JSON' }, undefined, true],
    [{ status: 400, body: 'not JSON' }, 'missing_header', false],
    [{ status: 399, body: '' }, undefined, false],
    [{ status: 200, body: '{"code":"missing_header"}' }, 'missing_header', false],
    [undefined, undefined, false],
    ['text', undefined, false],
    [{}, undefined, false],
  ] as const)('toRejectWebhook: %j with %s is %s', (answer, code, pass) => {
    expect(toRejectWebhook(answer, code).pass).toBe(pass)
  })

  it.each([
    [[handled], true],
    [[duplicate, handled, inFlight], true],
    [[handled, handled], false],
    [[duplicate, duplicate], false],
    [[handled, mismatch], false],
    [[handled, { status: 204, body: '' }], false],
    [[], false],
    [handled, true],
    [undefined, false],
  ])('toHandleOnce: %j is %s', (answers, pass) => {
    expect(toHandleOnce(answers).pass).toBe(pass)
  })

  it('say what they wanted and what they got', () => {
    expect(toAcceptWebhook(mismatch).message()).toBe(
      'expected an answer that accepts the webhook; got 401 signature_mismatch',
    )
    expect(toRejectWebhook(mismatch, 'missing_header').message()).toBe(
      'expected a refusal with missing_header; got 401 signature_mismatch',
    )
    expect(toRejectWebhook(mismatch).message()).toBe(
      'expected not a refusal; got 401 signature_mismatch',
    )
    expect(toHandleOnce([duplicate, { status: 204 }]).message()).toBe(
      'expected one answer that handled the webhook, and duplicates; got 200 duplicate, 204',
    )
  })
})
