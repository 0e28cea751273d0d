import { describe, expect, it } from 'vitest'
import { acceptNone } from '../signature/mutations.samples'
import { below, pick, seededRandom } from '../test-support'
import { allSchemes, mutationCases, secret } from './vendors.samples'

const now = 1_700_000_000
const options = { now, tolerance: { past: 300, future: 300 } }

describe.each(mutationCases)('%s', (_name, one) => {
  it('accepts none of 5,000 changes of a signed message', async () => {
    expect(await acceptNone(11, 5_000, one)).toBeGreaterThanOrEqual(5_000)
  }, 60_000)
})

describe.each(allSchemes)('%s', (_name, scheme) => {
  it('answers whatever headers and body with a value', async () => {
    const random = seededRandom(12)
    const text = (length: number) =>
      String.fromCharCode(...Array.from({ length }, () => below(random, 0x500)))
    const body = new Uint8Array(20).map(() => below(random, 256))
    const good = await scheme.sign({ id: 'a', timestamp: now, body }, [secret])
    for (let round = 0; round < 2_000; round += 1) {
      const entries = Object.entries(good).map(([name, value]) => {
        const junk = text(below(random, 60))
        const at = below(random, value.length)
        const part = value.slice(0, at) + junk
        return [name, pick<unknown>(random, [junk, part, [junk, value], [], undefined, null, 7])]
      })
      const headers = Object.fromEntries([...entries, [text(5), text(5)]])
      const sent = body.slice(below(random, 20))
      const result = await scheme.verify({ headers, body: sent }, [secret], options)
      expect(result).toEqual({ ok: false, code: expect.any(String) })
    }
  })

  it('answers 10,000 signatures in one header in under 10 ms', async () => {
    const body = new TextEncoder().encode('{"a":1}')
    const headers = await scheme.sign({ id: 'a', timestamp: now, body }, [secret])
    const name = scheme.headers.at(-1) ?? ''
    const many = `${headers[name]?.slice(0, -6)}AAAAA=`
    const times: number[] = []
    for (const separator of [' ', ',', ', ']) {
      const value = Array<string>(10_000).fill(many).join(separator)
      // The best of three: what else the machine does is not measured.
      for (let round = 0; round < 3; round += 1) {
        const began = performance.now()
        const request = { headers: { ...headers, [name]: value }, body }
        const result = await scheme.verify(request, [secret], options)
        times.push(performance.now() - began)
        expect(result.ok).toBe(false)
      }
    }
    expect(Math.min(...times.slice(0, 3))).toBeLessThan(10)
    expect(Math.min(...times.slice(3, 6))).toBeLessThan(10)
    expect(Math.min(...times.slice(6))).toBeLessThan(10)
  })
})
