import { createHmac, hash } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { below, seededRandom } from '../test-support'
import { oneShotHmac } from './one-shot'

const hmac = oneShotHmac(hash)

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const filled = (byte: number, length: number): Buffer => Buffer.alloc(length, byte)

function byLibrary(key: Uint8Array, prefix: string, body: Uint8Array): string {
  return createHmac('sha256', key).update(prefix).update(body).digest('hex')
}

describe('HMAC-SHA256 in one shot', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each([
    [
      'test case 1',
      filled(0x0b, 20),
      Buffer.from('Hi There'),
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      'test case 2',
      Buffer.from('Jefe'),
      Buffer.from('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'test case 3',
      filled(0xaa, 20),
      filled(0xdd, 50),
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ],
    [
      'test case 4',
      hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
      filled(0xcd, 50),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    [
      'test case 6, a key larger than a block',
      filled(0xaa, 131),
      Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('is that of RFC 4231, %s', (_name, key, body, expected) => {
    expect(hmac(key, 'hex')('', body)).toBe(expected)
    expect(hmac(key, 'base64')('', body)).toBe(hex(expected).toString('base64'))
  })

  it.each([0, 1, 32, 63, 64, 65, 200])('is that of createHmac with a key of %i bytes', (length) => {
    const random = seededRandom(length + 1)
    const key = Buffer.from(Array.from({ length }, () => below(random, 256)))
    const digest = hmac(key, 'hex')
    for (const size of [0, 1, 55, 56, 63, 64, 65, 1_024, 4_000]) {
      const body = Buffer.from(Array.from({ length: size }, () => below(random, 256)))
      for (const prefix of ['', 'msg_1.1614265330.', 'Zürich ♥ ', 'half a pair \ud83d'])
        expect(digest(prefix, body)).toBe(byLibrary(key, prefix, body))
    }
  })

  it('keeps nothing of the message or the key before', () => {
    const [one, other] = [filled(1, 64), filled(2, 24)]
    const [first, second] = [hmac(one, 'hex'), hmac(other, 'hex')]
    for (const size of [3_000, 2, 500, 0]) {
      const body = filled(size % 251, size)
      expect(first('a.', body)).toBe(byLibrary(one, 'a.', body))
      expect(second('b.', body)).toBe(byLibrary(other, 'b.', body))
    }
  })

  it('takes no message that might not fit', () => {
    const digest = hmac(filled(1, 32), 'hex')
    const prefix = '♥'.repeat(10)
    const most = filled(7, 4_096 - 30)
    expect(digest(prefix, most)).toBe(byLibrary(filled(1, 32), prefix, most))
    expect(digest(prefix, filled(7, most.length + 1))).toBeUndefined()
    expect(digest('a'.repeat(2_000), filled(7, 1))).toBeUndefined()
  })

  it('is done without where the runtime has no `hash`', async () => {
    const crypto = process.getBuiltinModule('node:crypto')
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ ...crypto, hash: undefined })
    vi.resetModules()
    const { platform } = await import('./node')
    const body = filled(3, 100)
    const digest = platform.hmacKey(filled(1, 32), 'hex').digest('a.', body)
    expect(digest).toBe(byLibrary(filled(1, 32), 'a.', body))
  })
})
