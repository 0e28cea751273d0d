import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { aesKey, openBytes, sealBytes } from './aes-gcm'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const key = aesKey(Buffer.from('00'.repeat(16) + '0123456789abcdef'.repeat(2), 'hex'))
const associated = bytes('tenant, endpoint')
const sealed = sealBytes(key, bytes('a secret'), associated)

describe('AES-256-GCM', () => {
  it('is 12 bytes of IV, as much as there was, and 16 of tag', () => {
    expect(sealed.byteLength).toBe(12 + 'a secret'.length + 16)
    expect(openBytes(key, sealed, associated)).toEqual(bytes('a secret'))
  })

  it('opens the published test case 15 of the GCM specification', () => {
    const hex = (text: string) => Buffer.from(text, 'hex')
    const published = aesKey(
      hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
    )
    const iv = 'cafebabefacedbaddecaf888'
    const text =
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad'
    const tag = 'b094dac5d93471bdec1a502270e3cc6c'
    const opened = openBytes(published, hex(iv + text + tag), new Uint8Array())
    expect(Buffer.from(opened ?? []).toString('hex')).toBe(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    )
  })

  it('seals the empty and the long', () => {
    for (const text of [new Uint8Array(), new Uint8Array(1_000_000).fill(7)]) {
      const opened = openBytes(key, sealBytes(key, text, associated), associated)
      expect(Buffer.compare(opened ?? bytes('none'), text)).toBe(0)
    }
  })

  it('never uses an IV twice', () => {
    const ivs = Array.from({ length: 2_000 }, () =>
      Buffer.from(sealBytes(key, new Uint8Array(), associated).subarray(0, 12)).toString('hex'),
    )
    expect(new Set(ivs).size).toBe(ivs.length)
  })

  it.each([0, 4, 8, 12, 13, 14, 15])('opens nothing by a tag of %i bytes', (length) => {
    const short = sealed.subarray(0, sealed.byteLength - 16 + length)
    expect(openBytes(key, short, associated)).toBeUndefined()
  })

  it.each([0, 1, 8, 11, 13, 16])('opens nothing with an IV of %i bytes', (length) => {
    const iv = new Uint8Array(length)
    iv.set(sealed.subarray(0, Math.min(12, length)))
    expect(openBytes(key, Buffer.concat([iv, sealed.subarray(12)]), associated)).toBeUndefined()
  })

  it('opens nothing cut short, at any length', () => {
    for (let length = 0; length < sealed.byteLength; length += 1)
      expect(openBytes(key, sealed.subarray(0, length), associated)).toBeUndefined()
  })

  it('opens nothing of which one bit, anywhere, was turned', () => {
    for (let bit = 0; bit < sealed.byteLength * 8; bit += 1) {
      const altered = Buffer.from(sealed)
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(openBytes(key, altered, associated)).toBeUndefined()
    }
  })

  it('opens with the same associated bytes and key only', () => {
    for (let length = 0; length < 100; length += 1) {
      const [secret, mine, other] = [randomBytes(length), randomBytes(length), randomBytes(length)]
      const one = sealBytes(key, secret, mine)
      expect(openBytes(key, one, mine)).toEqual(secret)
      expect(openBytes(key, one, Buffer.concat([mine, other, bytes('x')]))).toBeUndefined()
      expect(openBytes(key, one, mine.subarray(1))).toEqual(length === 0 ? secret : undefined)
    }
    expect(openBytes(aesKey(new Uint8Array(32).fill(1)), sealed, associated)).toBeUndefined()
  })
})
