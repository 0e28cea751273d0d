import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytes, failureOf } from '../test-support'
import type { HeaderBag, VerifyOptions, VerifyResult } from './scheme'
import { schemes } from './standard'

interface Vector {
  readonly name: string
  readonly verdict: 'accept' | 'reject' | 'policy' | 'config-error'
  readonly now: number
  readonly secret: string
  readonly secrets?: readonly string[]
  readonly body?: string
  readonly bodyBase64?: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly repeatedSignature?: { readonly entry: string; readonly times: number }
  readonly signWith?: string
  readonly alsoSign?: string
  readonly optional?: boolean
}

const file = new URL('./vectors/standard-webhooks.vectors.json', import.meta.url)
const vectors: { readonly tests: readonly Vector[] } = JSON.parse(readFileSync(file, 'utf8'))

/** Which code each refused vector gets. Every row that is not accepted must be here. */
const codes: Readonly<Record<string, string>> = {
  'timestamp 301 s old': 'timestamp_too_old',
  'timestamp 301 s in the future': 'timestamp_too_new',
  'missing webhook-id': 'missing_header',
  'missing webhook-timestamp': 'missing_header',
  'missing webhook-signature': 'missing_header',
  'timestamp "hello"': 'malformed_header',
  'signature wrong': 'signature_mismatch',
  'signature garbage': 'malformed_header',
  'signature truncated to 8 chars': 'malformed_header',
  'signature "v1,"': 'malformed_header',
  'right bytes, unknown version v2': 'signature_mismatch',
  'empty secret': 'invalid_secret',
  'secret "whsec_"': 'invalid_secret',
  '1-byte secret': 'invalid_secret',
  'timestamp with trailing garbage': 'malformed_header',
  'timestamp with leading zeros': 'malformed_header',
  'timestamp fractional': 'malformed_header',
  'non-UTF-8 body swapped for another that decodes to the same U+FFFD text': 'signature_mismatch',
  'body re-serialised (whitespace changed)': 'signature_mismatch',
  'webhook-id containing "."': 'malformed_header',
  'id/timestamp boundary shift': 'malformed_header',
  'v1 signature presented where only a v1a public key is configured': 'signature_mismatch',
  'v1 = HMAC keyed with the raw public key bytes': 'signature_mismatch',
  'base64url signature': 'malformed_header',
  'unpadded signature': 'malformed_header',
  '10 000 signatures in one header': 'malformed_header',
  'header given twice (array)': 'duplicate_header',
}

function bodyOf(vector: Vector): Uint8Array {
  return vector.bodyBase64 === undefined
    ? bytes(vector.body ?? '')
    : Buffer.from(vector.bodyBase64, 'base64')
}

function headersOf({ headers, repeatedSignature }: Vector): HeaderBag {
  if (repeatedSignature === undefined) return headers
  const { entry, times } = repeatedSignature
  return { ...headers, 'webhook-signature': Array(times).fill(entry).join(' ') }
}

const tolerance = { past: 300, future: 300 }

describe('the Standard Webhooks vectors', () => {
  it('are all here', () => {
    expect(vectors.tests).toHaveLength(41)
  })

  it.each(vectors.tests)('$verdict: $name', async (vector) => {
    const scheme = vector.optional === true ? schemes.svix : schemes.standard
    const request = { headers: headersOf(vector), body: bodyOf(vector) }
    const secrets = vector.secrets ?? [vector.secret]
    const verified = scheme.verify(request, secrets, { now: vector.now, tolerance })
    if (vector.verdict === 'accept') {
      await expect(verified).resolves.toMatchObject({ ok: true })
    } else if (vector.verdict === 'config-error') {
      await expect(verified).rejects.toMatchObject({ code: codes[vector.name] })
    } else {
      await expect(verified).resolves.toEqual({ ok: false, code: codes[vector.name] })
    }
  })

  it.each(vectors.tests.filter(({ alsoSign }) => alsoSign !== undefined))(
    'signs as published: $name',
    async (vector) => {
      const message = {
        id: String(vector.headers['webhook-id']),
        timestamp: Number(vector.headers['webhook-timestamp']),
        body: bodyOf(vector),
      }
      const headers = await schemes.standard.sign(message, [vector.signWith ?? vector.secret])
      expect(headers).toEqual(vector.headers)
    },
  )
})

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const other = 'whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='
const signing =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='
const seedOnly = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc='
const verifying = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const timestamp = 1_614_265_330
const body = bytes('{"test": 2432232314}')
const message = { id, timestamp, body }
const right = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
const wrong = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc='
const accepted = { ok: true, id, timestamp, secretIndex: 0 }

function verify(
  headers: HeaderBag,
  options: Partial<VerifyOptions> & { secrets?: readonly string[] } = {},
): Promise<VerifyResult> {
  const { secrets = [secret], now = timestamp } = options
  const verifyOptions = { now, tolerance: options.tolerance ?? tolerance }
  return schemes.standard.verify({ headers, body }, secrets, verifyOptions)
}

function signedBy(signature: string): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signature,
  }
}

describe('standard', () => {
  it('describes itself', () => {
    expect(schemes.standard.name).toBe('standard')
    expect(schemes.standard.covers).toEqual({ id: true, time: true })
    expect(schemes.standard.headers).toEqual([
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ])
    expect(schemes.svix.name).toBe('svix')
    expect(schemes.svix.headers).toEqual(['svix-id', 'svix-timestamp', 'svix-signature'])
  })

  it('tells the id, the time and which secret it was', async () => {
    expect(await verify(signedBy(right))).toEqual(accepted)
    expect(await verify(signedBy(right), { secrets: [other, secret] })).toEqual({
      ...accepted,
      secretIndex: 1,
    })
  })

  it('keeps to the header names of its brand', async () => {
    const options = { now: timestamp, tolerance }
    const request = { headers: signedBy(right), body }
    const result = await schemes.svix.verify(request, [secret], options)
    expect(result).toEqual({ ok: false, code: 'missing_header' })
    expect(Object.keys(await schemes.svix.sign(message, [secret]))).toEqual(schemes.svix.headers)
  })

  it('signs with every secret, in order, and is verified by each', async () => {
    const headers = await schemes.standard.sign(message, [other, secret, signing])
    const entries = headers['webhook-signature']?.split(' ') ?? []
    expect(entries.map((entry) => entry.split(',')[0])).toEqual(['v1', 'v1', 'v1a'])
    expect(entries[1]).toBe(right)
    for (const each of [other, secret, verifying]) {
      expect(await verify(headers, { secrets: [each] })).toEqual(accepted)
    }
  })

  it('reads a Headers object', async () => {
    expect(await verify(new Headers(signedBy(right)))).toEqual(accepted)
  })
})

describe('the tolerance', () => {
  it.each([
    [299, true],
    [300, true],
    [300.5, 'timestamp_too_old'],
    [301, 'timestamp_too_old'],
    [-299, true],
    [-300, true],
    [-300.5, 'timestamp_too_new'],
    [-301, 'timestamp_too_new'],
    [-86_400, 'timestamp_too_new'],
  ])('at an age of %d s', async (age, outcome) => {
    const result = await verify(signedBy(right), { now: timestamp + age })
    expect(result).toEqual(outcome === true ? accepted : { ok: false, code: outcome })
  })

  it('has two ends of their own', async () => {
    const uneven = { past: 10, future: 20 }
    const at = (age: number) => verify(signedBy(right), { now: timestamp + age, tolerance: uneven })
    expect(await at(10)).toEqual(accepted)
    expect(await at(11)).toEqual({ ok: false, code: 'timestamp_too_old' })
    expect(await at(-20)).toEqual(accepted)
    expect(await at(-21)).toEqual({ ok: false, code: 'timestamp_too_new' })
  })

  it('may be nothing, or endless', async () => {
    const none = { past: 0, future: 0 }
    expect(await verify(signedBy(right), { tolerance: none })).toEqual(accepted)
    const endless = { past: Number.POSITIVE_INFINITY, future: 0 }
    expect(await verify(signedBy(right), { now: 9e9, tolerance: endless })).toEqual(accepted)
  })

  it.each([
    [Number.NaN, tolerance],
    [Number.POSITIVE_INFINITY, tolerance],
    [timestamp, { past: Number.NaN, future: 300 }],
    [timestamp, { past: 300, future: Number.NaN }],
    [timestamp, { past: -1, future: 300 }],
    [timestamp, { past: 300, future: -1 }],
  ])('of now %d and %o is the caller’s mistake', async (now, bad) => {
    const verified = verify(signedBy(right), { now, tolerance: bad })
    await expect(verified).rejects.toMatchObject({
      code: 'invalid_argument',
      message: Number.isFinite(now)
        ? 'tolerance needs past and future in seconds, each 0 or more.'
        : 'now must be a number of unix seconds.',
    })
  })
})

describe('the timestamp', () => {
  it.each([
    '',
    ' 1614265330',
    '1614265330 ',
    '1614265330\n',
    '161426533',
    '16142653300',
    '0614265330',
    '-1614265330',
    '+1614265330',
    '1.61426533e9',
    '0x60380db2aa',
    '１６１４２６５３３０',
    'NaN',
    'Infinity',
    '2021-02-25T15:02:10Z',
  ])('%j is malformed', async (text) => {
    const headers = { ...signedBy(right), 'webhook-timestamp': text }
    expect(await verify(headers)).toEqual({ ok: false, code: 'malformed_header' })
  })
})

describe('the id', () => {
  it.each(['', 'a.b', 'a b', 'a\n', 'é', 'a/b', 'x'.repeat(129)])(
    '%j is malformed',
    async (text) => {
      const headers = { ...signedBy(right), 'webhook-id': text }
      expect(await verify(headers)).toEqual({ ok: false, code: 'malformed_header' })
    },
  )

  it.each(['a', '_-', '__proto__', 'x'.repeat(128)])('%j is fine', async (text) => {
    const headers = await schemes.standard.sign({ ...message, id: text }, [secret])
    expect(await verify(headers)).toEqual({ ...accepted, id: text })
  })
})

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

describe('v1a', () => {
  const published =
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=='

  it('signs alike with the seed alone', async () => {
    const headers = await schemes.standard.sign(message, [seedOnly])
    expect(headers).toEqual(signedBy(published))
  })

  it('verifies beside other signatures, and not under another key', async () => {
    const secrets = [secret, verifying]
    expect(await verify(signedBy(`${wrong} ${published}`), { secrets })).toEqual({
      ...accepted,
      secretIndex: 1,
    })
    const stranger = 'whpk_MCowBQYDK2VwAyEA1SiA4o9hyqTCpIqC5V9HUakiiac='
    expect(await verify(signedBy(published), { secrets: [stranger] })).toEqual({
      ok: false,
      code: 'signature_mismatch',
    })
  })

  it('looks at every v1a entry', async () => {
    const zeros = `v1a,${'A'.repeat(86)}==`
    const secrets = [verifying]
    expect(await verify(signedBy(`${zeros} v1a,AA== ${published}`), { secrets })).toEqual(accepted)
    expect(await verify(signedBy(zeros), { secrets })).toEqual({
      ok: false,
      code: 'signature_mismatch',
    })
  })

  it('does not take a signature of its own under another label', async () => {
    const secrets = [verifying]
    for (const label of ['v1', 'v2', 'v1b']) {
      const header = `${label},${published.slice(4)} v2,abc`
      expect(await verify(signedBy(header), { secrets })).toEqual({
        ok: false,
        code: 'signature_mismatch',
      })
    }
  })

  it('does not take a signature of another form', async () => {
    const secrets = [verifying]
    for (const text of [published.slice(0, -2), published.replace('Ag==', 'Ah=='), 'v1a,']) {
      expect(await verify(signedBy(text), { secrets })).toEqual({
        ok: false,
        code: 'malformed_header',
      })
    }
  })

  it('refuses halves on the wrong side', async () => {
    await expect(schemes.standard.sign(message, [verifying])).rejects.toMatchObject({
      code: 'invalid_secret',
      message: expect.stringContaining('only verifies'),
    })
    await expect(verify(signedBy(published), { secrets: [signing] })).rejects.toMatchObject({
      code: 'invalid_secret',
      message: expect.stringContaining('only signs'),
    })
  })

  it('refuses a private key whose halves do not belong together', async () => {
    const bytes = Buffer.from(signing.slice(5), 'base64')
    bytes[63] = (bytes[63] ?? 0) ^ 1
    const mixed = `whsk_${bytes.toString('base64')}`
    expect(() => schemes.standard.checkSecret(mixed)).toThrow('do not belong together')
    await expect(schemes.standard.sign(message, [mixed])).rejects.toMatchObject({
      code: 'invalid_secret',
    })
  })
})

describe('the caller’s mistakes', () => {
  const signUntyped = (change: object) =>
    failureOf(() =>
      Reflect.apply(schemes.standard.sign, undefined, [{ ...message, ...change }, [secret]]),
    )

  it.each([{ id: 'a.b' }, { id: '' }, { id: 'x'.repeat(129) }, { id: 5 }, { id: undefined }])(
    'sign: %o',
    async (change) => {
      expect(await signUntyped(change)).toMatchObject({
        code: 'invalid_argument',
        message: 'id must match [A-Za-z0-9_-]{1,128}.',
      })
    },
  )

  it.each([
    0,
    999_999_999,
    1_614_265_330.5,
    1_614_265_330_000,
    Number.NaN,
    -1_614_265_330,
    1e10,
    '1614265330',
    undefined,
  ])('sign: timestamp %o', async (bad) => {
    expect(await signUntyped({ timestamp: bad })).toMatchObject({
      code: 'invalid_argument',
      message: 'timestamp must be whole unix seconds, not milliseconds.',
    })
  })

  it('takes timestamps of ten digits', async () => {
    for (const good of [1_000_000_000, 9_999_999_999]) {
      const headers = await schemes.standard.sign({ ...message, timestamp: good }, [secret])
      expect(headers['webhook-timestamp']).toBe(String(good))
    }
  })

  it('no secret at all', async () => {
    const refusal = {
      code: 'invalid_argument',
      message: 'secrets must be an array of at least one secret.',
    }
    await expect(schemes.standard.sign(message, [])).rejects.toMatchObject(refusal)
    await expect(verify(signedBy(right), { secrets: [] })).rejects.toMatchObject(refusal)
    const alone = [{ headers: {}, body }, secret, { now: timestamp, tolerance }]
    const error = await failureOf(() => Reflect.apply(schemes.standard.verify, undefined, alone))
    expect(error).toMatchObject(refusal)
  })

  it('a bad secret shows even if another one matches, and whatever was sent', async () => {
    const secrets = [secret, 'whsec_short']
    const code = 'invalid_secret'
    await expect(verify(signedBy(right), { secrets })).rejects.toMatchObject({ code })
    await expect(verify({}, { secrets })).rejects.toMatchObject({ code })
  })

  it('signs with 8 secrets, not with 9', async () => {
    const many = (count: number) => Array<string>(count).fill(secret)
    const headers = await schemes.standard.sign(message, many(8))
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(8)
    await expect(schemes.standard.sign(message, many(9))).rejects.toMatchObject({
      code: 'too_many_secrets',
      message: 'At most 8 secrets can sign a message, not 9. Revoke old ones.',
    })
  })

  it('verifies with more than 8', async () => {
    const secrets = [...Array<string>(9).fill(other), secret]
    expect(await verify(signedBy(right), { secrets })).toEqual({ ...accepted, secretIndex: 9 })
  })
})
