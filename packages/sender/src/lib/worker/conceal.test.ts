import { describe, expect, it } from 'vitest'
import { failure } from '../model/testing/outcomes'
import { run, testSender, url } from '../test-sender'

const opened = { network: { allowAddresses: ['10.20.0.0/16'] } }
const refused = failure({ code: 'unreachable', durationMs: 3 })
const blocked = failure({ code: 'unreachable', errorClass: 'forbidden_address', durationMs: 1 })
const silent = failure({ code: 'unreachable', durationMs: 15_020 })
const byProxy = failure({ code: 'unreachable', blame: 'sender', durationMs: 40 })

async function after(outcome: ReturnType<typeof failure>, options = {}) {
  const { clock, sender } = testSender([outcome], options)
  const { endpoint } = await sender.endpoints.create({ url })
  await sender.send({ ...run, id: 'evt_1' })
  const began = clock.now()
  const pass = sender.deliverDue()
  await clock.advance('1m')
  await pass
  const [delivery] = (await sender.deliveries.list()).items
  const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
  const { health, failingSince } = await sender.endpoints.get(endpoint.id)
  return {
    status: delivery?.status,
    reason: delivery?.reason,
    dueIn: (delivery?.dueAt?.getTime() ?? 0) - began,
    attempt,
    health,
    failingFor: (failingSince?.getTime() ?? 0) - began,
  }
}

describe('a private target, where a private range is open', () => {
  it('ends at the deadline and alike, whatever was the matter', async () => {
    const expected = await after(refused, opened)
    expect(expected).toMatchObject({
      ...{ status: 'pending', dueIn: 20_100, health: 'failing', failingFor: 15_100 },
      attempt: { outcome: 'network', durationMs: 15_000, error: { code: 'unreachable' } },
    })
    for (const outcome of [blocked, byProxy, silent])
      expect(await after(outcome, opened)).toEqual(expected)
  })

  it('holds up no stop', async () => {
    const { clock, sender } = testSender([refused], opened)
    await sender.endpoints.create({ url })
    await sender.send(run)
    const pass = sender.deliverDue()
    await clock.advance(1)
    await sender.stop()
    expect(await pass).toMatchObject({ retrying: 1 })
  })
})

it.each([
  ['no private range is open', {}, blocked],
  ['another error', opened, failure({ durationMs: 3 })],
] as const)('nothing is concealed with %s', async (_when, options, outcome) => {
  expect(await after(outcome, options)).toMatchObject({
    attempt: { outcome: outcome.errorClass, durationMs: outcome.durationMs },
  })
})
