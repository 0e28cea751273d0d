import { describe, expect, it } from 'vitest'
import { accepted, right, secret, signedBy, verify, verifying, wrong } from './standard.samples'

describe('the list of signatures', () => {
  const list = (wrongs: number) => [...Array(wrongs).fill(wrong), right].join(' ')

  it('is looked at up to the 8th', async () => {
    expect(await verify(signedBy(list(7)))).toEqual(accepted)
  })

  it('is not looked at beyond the 8th', async () => {
    expect(await verify(signedBy(list(8)))).toEqual({ ok: false, code: 'signature_mismatch' })
  })

  it('counts unknown, malformed and empty entries too', async () => {
    for (const filler of ['v2,abc', 'nonsense', '']) {
      const header = [...Array(8).fill(filler), right].join(' ')
      expect(await verify(signedBy(header))).toMatchObject({ ok: false })
    }
  })

  it('of 10,000 is answered in under 10 ms', async () => {
    for (const entry of [wrong, 'v1,AAAA', 'v1a,AAAA', 'v2,x', ',']) {
      const headers = signedBy(Array(10_000).fill(entry).join(' '))
      const times: number[] = []
      for (let run = 0; run < 5; run += 1) {
        const start = performance.now()
        expect(await verify(headers, { secrets: [secret, verifying] })).toMatchObject({ ok: false })
        times.push(performance.now() - start)
      }
      expect(Math.min(...times)).toBeLessThan(10)
    }
  })

  it.each([
    ['', 'malformed_header'],
    [' ', 'malformed_header'],
    [',', 'malformed_header'],
    ['v1', 'malformed_header'],
    ['g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', 'malformed_header'],
    [' , ', 'duplicate_header'],
    ['v1,é', 'malformed_header'],
    [`${right}=`, 'malformed_header'],
    [`${right.slice(0, -2)}F=`, 'malformed_header'],
    [`${right},`, 'malformed_header'],
    [`x ${wrong}`, 'signature_mismatch'],
    [right.toUpperCase(), 'malformed_header'],
    ['v2,é', 'malformed_header'],
    ['v2,', 'malformed_header'],
    ['V2,abc', 'malformed_header'],
    ['v2!,abc', 'malformed_header'],
    ['!v2,abc', 'malformed_header'],
    ['v2,éa', 'malformed_header'],
    ['v2,aé', 'malformed_header'],
    [`${'v'.repeat(16)},abc`, 'signature_mismatch'],
    [`${'v'.repeat(17)},abc`, 'malformed_header'],
    [`v2,${right.slice(3)} ${wrong}`, 'signature_mismatch'],
    ['v2,abc', 'signature_mismatch'],
    [`v1a,${right.slice(3)}`, 'malformed_header'],
  ])('%j is refused as it should be', async (header, code) => {
    expect(await verify(signedBy(header))).toEqual({ ok: false, code })
  })

  it.each([`v1,potato ${right}`, `. ${right}`, `  ${right} `])(
    'is passed over where it is malformed: %j',
    async (header) => {
      expect(await verify(signedBy(header))).toEqual(accepted)
    },
  )
})

describe('doubled headers', () => {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
  const headers = signedBy(right)
  const duplicate = { ok: false, code: 'duplicate_header' }

  it.each(names)('%s as an array of two', async (name) => {
    const value = headers[name] ?? ''
    expect(await verify({ ...headers, [name]: [value, value] })).toEqual(duplicate)
    expect(await verify({ ...headers, [name]: [value] })).toEqual(accepted)
    expect(await verify({ ...headers, [name]: [] })).toEqual({ ok: false, code: 'missing_header' })
  })

  it.each(names)('%s joined by Headers', async (name) => {
    const bag = new Headers(headers)
    bag.append(name, headers[name] ?? '')
    expect(await verify(bag)).toEqual(duplicate)
  })

  it.each(names)('%s in two spellings', async (name) => {
    const value = headers[name]
    expect(await verify({ ...headers, [name.toUpperCase()]: value })).toEqual(duplicate)
    expect(await verify({ ...headers, [name.toUpperCase()]: undefined })).toEqual(accepted)
  })

  it('joined by a comma alone are no signature', async () => {
    const joined = `${right},${right}`
    expect(await verify(signedBy(joined))).toEqual({ ok: false, code: 'malformed_header' })
  })

  it('are told before what is missing behind them', async () => {
    const bag = { 'webhook-id': ['a', 'b'] }
    expect(await verify(bag)).toEqual(duplicate)
  })
})
