import { describe, expect, it } from 'vitest'
import { bytes, seededRandom } from '../test-support'
import { acceptNone, mutateBytes } from './mutations.samples'
import { generateSecret } from './secret'
import { schemes } from './standard'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const standardHeaders = [
  ['webhook-signature', 'v1,'],
  ['webhook-id', ''],
  ['webhook-timestamp', ''],
] as const

describe('no changed message is accepted', () => {
  it('standard, v1: 100,000 changes of what is signed, and of the signature', async () => {
    const signed = standardHeaders
    const one = { scheme: schemes.standard, signWith: secret, verifyWith: secret, signed }
    expect(await acceptNone(1, 100_000, one)).toBeGreaterThanOrEqual(100_000)
  }, 60_000)

  it('standard, v1a: 2,000 changes', async () => {
    const pair = generateSecret({ type: 'v1a' })
    const [, ...others] = standardHeaders
    const signed = [['webhook-signature', 'v1a,'], ...others] as const
    const one = {
      scheme: schemes.standard,
      signWith: pair.secret,
      verifyWith: pair.publicKey,
      signed,
    }
    expect(await acceptNone(2, 2_000, one)).toBeGreaterThanOrEqual(2_000)
  }, 60_000)
})

describe('the mutations themselves', () => {
  it('change something, nearly always', () => {
    const random = seededRandom(5)
    const body = bytes('{"test": 2432232314}')
    const changed = Array.from({ length: 1_000 }, () => mutateBytes(random, body))
    const unchanged = changed.filter((each) => Buffer.compare(each, body) === 0)
    expect(unchanged.length).toBeLessThan(20)
  })
})
