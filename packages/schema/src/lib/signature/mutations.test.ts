import { describe, expect, it } from 'vitest'
import { below, bytes, pick, seededRandom } from '../test-support'
import { defineScheme } from './define-scheme'
import type { Scheme } from './scheme'
import { generateSecret } from './secret'
import { schemes } from './standard'

const now = 1_614_265_330
// Endless, so that only the signature can refuse a changed timestamp.
const endless = { past: Number.POSITIVE_INFINITY, future: Number.POSITIVE_INFINITY }

interface Request {
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

type Random = () => number

/** One bit, byte or place of the body changed. */
function mutateBytes(random: Random, body: Uint8Array): Uint8Array {
  const at = below(random, body.length)
  const byte = below(random, 256)
  return pick(random, [
    () => body.map((old, index) => (index === at ? old ^ (1 << below(random, 8)) : old)),
    () => body.map((old, index) => (index === at ? byte : old)),
    () => new Uint8Array([...body.slice(0, at), byte, ...body.slice(at)]),
    () => new Uint8Array([...body.slice(0, at), ...body.slice(at + 1)]),
    () => body.slice(0, at),
    () => new Uint8Array([...body, byte]),
  ])()
}

/** One character changed, put in, taken out or moved. No space and no comma: those begin another signature. */
function mutateText(random: Random, text: string): string {
  const at = below(random, text.length)
  const choices = 'ABCabcxyz0189+/=-_.;~!\u00e9\u0141\uff21\u0000'
  const char = choices[below(random, choices.length)] ?? 'A'
  const old = text[at] ?? ''
  return pick(random, [
    () => text.slice(0, at) + char + text.slice(at + 1),
    () => text.slice(0, at) + char + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at),
    () => text.slice(0, at) + swapCase(old) + text.slice(at + 1),
    () => text.slice(0, at) + (text[at + 1] ?? '') + old + text.slice(at + 2),
  ])()
}

function swapCase(char: string): string {
  return char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()
}

function mutateHeader(random: Random, request: Request, name: string, label: string): Request {
  const value = request.headers[name] ?? ''
  const changed = value.slice(0, label.length) + mutateText(random, value.slice(label.length))
  return { ...request, headers: { ...request.headers, [name]: changed } }
}

function same(a: Request, b: Request): boolean {
  return JSON.stringify([a.headers, [...a.body]]) === JSON.stringify([b.headers, [...b.body]])
}

interface Case {
  readonly scheme: Scheme
  readonly signWith: string
  readonly verifyWith: string
  /** Header names whose value is signed or a signature, with the part in front that is left alone. */
  readonly signed: readonly [readonly [string, string], ...(readonly [string, string])[]]
}

async function run(seed: number, count: number, one: Case): Promise<number> {
  const random = seededRandom(seed)
  const { scheme, signWith, verifyWith } = one
  const options = { now, tolerance: endless }
  let mutated = 0
  while (mutated < count) {
    const body = new Uint8Array(1 + below(random, 40)).map(() => below(random, 256))
    const id = `msg_${below(random, 1e9)}`
    const headers = await scheme.sign({ id, timestamp: now + below(random, 1e6), body }, [signWith])
    const request = { headers, body }
    expect(await scheme.verify(request, [verifyWith], options)).toMatchObject({ ok: true })
    for (let each = 0; each < 50; each += 1) {
      const [name, label] = pick(random, one.signed)
      const changed =
        random() < 0.5
          ? { headers, body: mutateBytes(random, body) }
          : mutateHeader(random, request, name, label)
      if (same(changed, request)) continue
      mutated += 1
      const result = await scheme.verify(changed, [verifyWith], options)
      if (result.ok) throw new TypeError(`accepted, seed ${seed}: ${JSON.stringify(changed)}`)
    }
  }
  return mutated
}

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
    expect(await run(1, 100_000, one)).toBeGreaterThanOrEqual(100_000)
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
    expect(await run(2, 2_000, one)).toBeGreaterThanOrEqual(2_000)
  }, 60_000)

  it('a scheme with fields and hex: 20,000 changes', async () => {
    const scheme = defineScheme({
      name: 'fields',
      headers: { signature: 'x-signature' },
      signed: '{timestamp}.{body}',
      layout: { kind: 'fields', timestamp: 't', signature: 'v1' },
      encoding: 'hex',
      key: 'utf8',
    })
    const signed = [['x-signature', `t=${now},v1=`]] as const
    const one = { scheme, signWith: 'some secret', verifyWith: 'some secret', signed }
    expect(await run(3, 20_000, one)).toBeGreaterThanOrEqual(20_000)
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
