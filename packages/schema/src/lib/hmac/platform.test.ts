import { afterEach, describe, expect, it, vi } from 'vitest'
import { below, failureOf, seededRandom } from '../test-support'
import { platform as node } from './node'
import { platform as web } from './web'

function randomBytesOf(random: () => number, length: number): Uint8Array {
  return new Uint8Array(length).map(() => below(random, 256))
}

const seed = Buffer.from('6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=', 'base64')
const theirs = new TypeError('of another pair')
const mismatch = () => theirs
const publicKey = Buffer.from('1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=', 'base64')

describe('node:crypto and WebCrypto', () => {
  it('make the same HMAC', async () => {
    const random = seededRandom(7)
    for (let run = 0; run < 300; run += 1) {
      const key = randomBytesOf(random, 1 + below(random, 100))
      const body = randomBytesOf(random, below(random, run % 3 === 0 ? 6_000 : 300))
      const prefix = pickPrefix(random)
      for (const encoding of ['hex', 'base64'] as const) {
        const expected = await node.hmacKey(key, encoding).digest(prefix, body)
        expect(await web.hmacKey(key, encoding).digest(prefix, body)).toBe(expected)
      }
    }
  })

  it('make the same HMAC of a part of a buffer', async () => {
    const whole = Buffer.from('xxhelloxx')
    const part = whole.subarray(2, 7)
    const key = Buffer.alloc(32, 1)
    const expected = node.hmacKey(key, 'hex').digest('a.', Buffer.from('hello'))
    expect(node.hmacKey(key, 'hex').digest('a.', part)).toBe(expected)
    expect(await web.hmacKey(key, 'hex').digest('a.', part)).toBe(expected)
  })

  it('make the same ed25519 signature and take each other’s', async () => {
    const body = Buffer.from('hello')
    const byNode = await node.ed25519Signer(seed, publicKey, mismatch).sign('a.', body)
    const byWeb = await web.ed25519Signer(seed, publicKey, mismatch).sign('a.', body)
    expect(Buffer.from(byWeb).toString('hex')).toBe(Buffer.from(byNode).toString('hex'))
    for (const verifier of [node.ed25519Verifier(publicKey), web.ed25519Verifier(publicKey)]) {
      expect(await verifier.verify('a.', body, byNode)).toBe(true)
      expect(await verifier.verify('b.', body, byNode)).toBe(false)
      expect(await verifier.verify('a.', body, byNode.subarray(1))).toBe(false)
      expect(await verifier.verify('a.', body, new Uint8Array(0))).toBe(false)
    }
  })

  it('sign with the seed alone', async () => {
    const body = Buffer.from('hello')
    const expected = await node.ed25519Signer(seed, publicKey, mismatch).sign('', body)
    for (const { ed25519Signer } of [node, web]) {
      const signature = await ed25519Signer(seed, undefined, mismatch).sign('', body)
      expect(Buffer.from(signature).equals(expected)).toBe(true)
    }
  })

  it('know which halves belong together, whatever the bytes', async () => {
    for (let run = 0; run < 30; run += 1) {
      const pair = node.ed25519Pair()
      if (pair === undefined) throw new TypeError('Node makes pairs')
      const body = Buffer.from('hello')
      const expected = await node
        .ed25519Signer(pair.seed, pair.publicKey, mismatch)
        .sign('a.', body)
      const signature = await web
        .ed25519Signer(pair.seed, pair.publicKey, mismatch)
        .sign('a.', body)
      expect(Buffer.from(signature).equals(expected)).toBe(true)
    }
  })

  it('refuse a seed with the public key of another', async () => {
    const stranger = Buffer.from(publicKey)
    stranger[0] = (stranger[0] ?? 0) ^ 1
    for (const { ed25519Signer } of [node, web]) {
      const error = await failureOf(() =>
        ed25519Signer(seed, stranger, mismatch).sign('', new Uint8Array(1)),
      )
      expect(error).toBe(theirs)
    }
  })

  it('answer false under a public key that is no point', async () => {
    const nonsense = new Uint8Array(32).fill(255)
    for (const { ed25519Verifier } of [node, web]) {
      const verifier = ed25519Verifier(nonsense)
      expect(await verifier.verify('a', new Uint8Array(1), new Uint8Array(64))).toBe(false)
    }
  })

  it('read and write base64 and UTF-8 alike', () => {
    const random = seededRandom(8)
    for (let run = 0; run < 200; run += 1) {
      const bytes = randomBytesOf(random, below(random, 70))
      const text = node.toBase64(bytes)
      expect(web.toBase64(bytes)).toBe(text)
      expect([...web.fromBase64(text)]).toEqual([...bytes])
      expect([...node.fromBase64(text)]).toEqual([...bytes])
    }
    expect([...web.utf8('It’s ♥ a Secret')]).toEqual([...node.utf8('It’s ♥ a Secret')])
  })

  it('make a key pair only where that needs no waiting', () => {
    expect(web.ed25519Pair()).toBeUndefined()
    const pair = node.ed25519Pair()
    expect(pair?.seed).toHaveLength(32)
    expect(pair?.publicKey).toHaveLength(32)
  })

  it('make random bytes', () => {
    for (const { randomBytes } of [node, web]) {
      expect(randomBytes(24)).toHaveLength(24)
      expect(Buffer.from(randomBytes(24)).equals(randomBytes(24))).toBe(false)
    }
  })
})

describe('keys in WebCrypto', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('cannot be exported, but for the private one, which tells its public half so', async () => {
    const imported = vi.spyOn(crypto.subtle, 'importKey')
    const body = new Uint8Array(1)
    await web.hmacKey(seed, 'hex').digest('', body)
    await web.ed25519Verifier(publicKey).verify('', body, new Uint8Array(64))
    await web.ed25519Signer(seed, undefined, mismatch).sign('', body)
    const keys = await Promise.all(imported.mock.results.map(({ value }) => value))
    expect(keys.map(({ type, extractable }) => [type, extractable])).toEqual([
      ['secret', false],
      ['public', false],
      ['private', true],
    ])
  })
})

function pickPrefix(random: () => number): string {
  return ['', 'a.', 'msg_1.1614265330.', 'v0:1:', 'Zürich ♥ '][below(random, 5)] ?? ''
}
