import { envelopes, generateSecret, type Scheme, schemes } from '@posthorn/schema'
import { aetherflow } from '@posthorn/schema/vendors/aetherflow'
import { b3os } from '@posthorn/schema/vendors/b3os'
import { github } from '@posthorn/schema/vendors/github'
import { honeyframe } from '@posthorn/schema/vendors/honeyframe'
import { shopify } from '@posthorn/schema/vendors/shopify'
import { slack } from '@posthorn/schema/vendors/slack'
import { stripe } from '@posthorn/schema/vendors/stripe'
import { describe, expect, it, vi } from 'vitest'
import { createReceiver } from '../../receiver'
import { headerLookup } from '../../request'
import { memoryIdempotency } from '../../stores/memory'
import { NOW, OTHER_SECRET, SECRET } from '../../test-support'
import { fakeClock } from '../fake-clock'
import type { TestRequest } from '../sign-test-request'
import { attackCorpus } from './corpus'
import { runAttacks } from './run'

const standard = { scheme: schemes.standard, envelope: envelopes.standard }
const vendors = { stripe, github, slack, shopify, b3os, aetherflow, honeyframe }
const targets = Object.entries({
  standard,
  svix: { ...standard, scheme: schemes.svix },
  ...vendors,
  'b3os, raw': { ...b3os, envelope: envelopes.raw },
})
const at = NOW / 1_000

function never(): never {
  throw new TypeError('no request')
}

function receiverOf({ scheme, envelope }: typeof standard) {
  const receiver = createReceiver({
    secrets: SECRET,
    idempotency: { store: memoryIdempotency(), source: 'attacks' },
    ...{ scheme, envelope, type: 'attack.test', clock: fakeClock(NOW) },
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  })
  const handler = vi.fn()
  receiver.on('attack.test', handler)
  return { receiver, handler }
}

describe.each(targets)('the receiver under %s', (_name, { scheme, envelope }) => {
  it('answers every attack as it should', async () => {
    const { receiver } = receiverOf({ scheme, envelope })
    const attacks = await attackCorpus({ secret: SECRET, scheme, envelope, at })
    expect(await runAttacks(attacks, (request) => receiver.receive(request))).toEqual([])
    expect(attacks.length).toBeGreaterThan(45)
    expect(new Set(attacks.map((attack) => attack.name)).size).toBe(attacks.length)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('runs no handler for what it refuses, and a code of ours says why', async () => {
    const { receiver, handler } = receiverOf({ scheme, envelope })
    const attacks = await attackCorpus({ secret: SECRET, scheme, envelope, at })
    const codes = new Map<string, string>()
    for (const { name, request, expect: expected } of attacks) {
      if (expected !== 'refused') continue
      const { outcome, body } = await receiver.receive(request)
      if (outcome.kind !== 'refused') throw new TypeError(name)
      expect(body).toBe(`{"code":"${outcome.code}"}`)
      codes.set(name, outcome.code)
    }
    expect(handler).not.toHaveBeenCalled()
    const [header = ''] = scheme.headers
    expect(Object.fromEntries(codes)).toMatchObject({
      [`${header} absent`]: 'missing_header',
      [`${header} twice`]: 'duplicate_header',
      'signed with another secret': 'signature_mismatch',
      'a signature truncated': 'malformed_header',
      'a signature in other letters of the same length': 'malformed_header',
      'a body that differs only in bytes that are no UTF-8': 'signature_mismatch',
      'a signed body of 10 MB': 'body_too_large',
      'a signed body that is no JSON': 'malformed_json',
      ...(scheme.covers.time && {
        'a time a day ago': 'timestamp_too_old',
        'a time a day ahead': 'timestamp_too_new',
        'a time with junk behind': 'malformed_header',
        'a time in milliseconds': 'malformed_header',
        'a time a second later than was signed': 'signature_mismatch',
      }),
      ...(scheme.covers.id && {
        'another id': 'signature_mismatch',
        'the boundary of id and time moved': 'malformed_header',
      }),
    })
  })

  it.each([undefined, [], ['', '']])('refuses headers as arrays: %o, and two', async (value) => {
    const { receiver } = receiverOf({ scheme, envelope })
    const [attack] = await attackCorpus({ secret: SECRET, scheme, envelope, at })
    const good = attack?.request ?? never()
    for (const name of scheme.headers) {
      const text = good.headers[name] ?? ''
      for (const doubled of [value, [text, text]]) {
        const headers = { ...good.headers, [name]: doubled }
        expect((await receiver.receive({ ...good, headers })).status).toBe(400)
      }
      const once = { ...good.headers, [name]: [text] }
      expect((await receiver.receive({ ...good, headers: once })).status).toBe(200)
    }
  })
})

type Request = Parameters<Scheme['verify']>[0]

/** A verifier that first mends what it is given. */
function lenient(mend: (signature: string) => string): Scheme {
  const { scheme } = b3os
  return {
    ...scheme,
    verify({ headers, body }: Request, secrets, options) {
      const text = headerLookup(headers).get('x-b3os-signature')
      const mended = text === undefined ? {} : { 'x-b3os-signature': mend(text) }
      return scheme.verify({ headers: mended, body }, secrets, options)
    },
  }
}

/** Takes the request for signed when its headers are well-formed. */
const lookAway: Scheme['verify'] = async (request, secrets, options) => {
  const result = await schemes.standard.verify(request, secrets, options)
  if (result.ok || result.code !== 'signature_mismatch') return result
  const id = headerLookup(request.headers).get('webhook-id')
  return { ok: true, id, timestamp: at, secretIndex: 0 }
}

describe('the corpus', () => {
  const broken = (change: Partial<Scheme>): Scheme => ({ ...schemes.standard, ...change })
  const ok = { ok: true, id: 'a', timestamp: at, secretIndex: 0 } as const

  it.each<[string, Scheme, string]>([
    ['takes everything', broken({ verify: async () => ok }), 'signed with another secret'],
    [
      'takes nothing',
      broken({ verify: async () => ({ ok: false, code: 'signature_mismatch' }) }),
      'a good request',
    ],
    [
      'looks at no time',
      broken({
        verify: (request, secrets, options) =>
          schemes.standard.verify(request, secrets, {
            ...options,
            tolerance: { past: 1e9, future: 1e9 },
          }),
      }),
      'a time a day ahead',
    ],
    ['does not look at the body', broken({ verify: lookAway }), 'a body with a value changed'],
    ['takes any case', lenient((text) => text.toLowerCase()), 'a signature in the other case'],
    ['takes junk', lenient((text) => text.slice(0, 64)), 'a signature with junk behind'],
    [
      'takes the first of two',
      lenient((text) => text.split(', ')[0] ?? ''),
      'x-b3os-signature twice',
    ],
  ])('finds a verifier out that %s', async (_name, scheme, found) => {
    const { receiver } = receiverOf({ scheme, envelope: envelopes.standard })
    const attacks = await attackCorpus({ secret: SECRET, scheme, at })
    const failures = await runAttacks(attacks, (request) => receiver.receive(request))
    expect(failures.map(({ name }) => name)).toContain(found)
  })

  it('finds an endpoint out that fails, that is mute, or that died on the way', async () => {
    const attacks = await attackCorpus({ secret: SECRET, at })
    const failing = await runAttacks(attacks, () => ({ status: 500 }))
    expect(failing).toHaveLength(attacks.length)
    const mute = await runAttacks(attacks, () => Promise.reject(new Error('ECONNREFUSED')))
    expect(mute).toContainEqual({ name: 'a good request', expected: 'accepted', status: undefined })
    expect(mute.at(-1)).toMatchObject({ name: 'a good request after all that' })
    expect(mute.every(({ expected }) => expected !== 'refused')).toBe(true)
  })

  it('is the same for every run but for the secret it must not be signed with', async () => {
    const plain = (request: TestRequest) => JSON.stringify([request.headers, request.body.length])
    const make = async () =>
      (await attackCorpus({ secret: SECRET, at }))
        .filter(({ name }) => name !== 'signed with another secret')
        .map(({ name, request }) => [name, plain(request)])
    expect(await make()).toEqual(await make())
  })

  it('takes the key of a pair, and says when it finds no signature', async () => {
    const pair = generateSecret({ type: 'v1a' })
    const { receiver } = receiverOf(standard)
    const attacks = await attackCorpus({ secret: pair.secret, at })
    const [good] = attacks
    expect(good?.request.headers['webhook-signature']).toMatch(/^v1a,/)
    expect((await receiver.receive(good?.request ?? never())).status).toBe(401)
    const mute = broken({ sign: async () => ({ 'webhook-id': 'a' }) })
    await expect(attackCorpus({ secret: OTHER_SECRET, scheme: mute, at })).rejects.toThrow(
      'no header of the scheme "standard" ends with a signature',
    )
  })
})
