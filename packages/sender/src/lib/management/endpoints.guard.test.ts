import { describe, expect, it, vi } from 'vitest'
import { type GuardCase, guardCases, verdictOf } from '../network/vectors/cases'
import { testSender } from '../test-sender'

const lookup = vi.fn(async () => ['127.0.0.1'])
const { sender } = testSender([], { network: { allowHttp: true, lookup } })

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

describe('endpoints.create over the corpus', () => {
  it.each(cases('ip', 'ip-string'))('%s address %j: %s', async (_id, address, verdict) => {
    const host = address.includes(':') ? `[${address}]` : address
    expect(await created(`http://${host}/hook`)).toBe(verdict === 'allow')
  })

  it.each(cases('url'))('%s URL %j: %s', async (_id, url, verdict) => {
    expect(await created(url)).toBe(verdict === 'allow')
  })

  it.each(cases('dns'))(
    '%s name %j: %s by what it answers, which is not asked here',
    async (_id, name) => {
      expect(await created(`http://${name}/hook`)).toBe(true)
      expect(lookup).not.toHaveBeenCalled()
    },
  )
})
