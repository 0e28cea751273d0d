import { describe, expect, it } from 'vitest'
import { type GuardCase, guardCases, verdictOf } from '../network/vectors/cases'
import { testSender } from '../test-sender'

const { sender } = testSender([], { network: { allowHttp: true } })

async function created(url: string): Promise<boolean> {
  try {
    await sender.endpoints.create({ url })
    return true
  } catch (error) {
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(invalid_url|forbidden_address)$/),
    })
    return false
  }
}

const cases = (...kinds: readonly GuardCase['kind'][]) =>
  guardCases(...kinds).map((each) => [each.id, each.input, verdictOf(each)] as const)

/** What a lookup answers is judged when it is dialled: nothing is looked up here. */
describe('endpoints.create over the corpus', () => {
  it.each(cases('ip', 'ip-string'))('%s address %j: %s', async (_id, address, verdict) => {
    const host = address.includes(':') ? `[${address}]` : address
    expect(await created(`http://${host}/hook`)).toBe(verdict === 'allow')
  })

  it.each(cases('url'))('%s URL %j: %s', async (_id, url, verdict) => {
    expect(await created(url)).toBe(verdict === 'allow')
  })
})
