import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock'
import { testSender } from '../test-sender'
import { type KeyService, resolveKeys, type SecretKey } from './keys'

const bytes = new Uint8Array(32).map((_, index) => 200 + index)
const base64 = Buffer.from(bytes).toString('base64')
const owner = { tenantId: 'acme', endpointId: 'ep_1' }
const calls = { clock: systemClock, timeoutMs: 1_000 }
const service: KeyService = { encrypt: async (text) => text, decrypt: async (text) => text }

describe('keys', () => {
  it('are 32 bytes, or their base64 in either alphabet, padded or not', async () => {
    const [sealing] = resolveKeys([{ id: 'k1', key: bytes }], calls)
    const sealed = (await sealing?.seal('secret', owner)) ?? ''
    const spellings = [
      base64,
      base64.replace('=', ''),
      Buffer.from(bytes).toString('base64url'),
      `${Buffer.from(bytes).toString('base64url')}=`,
    ]
    expect(new Set(spellings).size).toBe(4)
    for (const key of spellings) {
      const [opening] = resolveKeys([{ id: 'k1', key }], calls)
      expect(await opening?.open(sealed, owner)).toBe('secret')
    }
  })

  it.each<[string, unknown]>([
    ['no array', { id: 'k1', key: bytes }],
    ['an empty ring', []],
    ['no object', ['k1']],
    ['no id', [{ key: bytes }]],
    ['an empty id', [{ id: '', key: bytes }]],
    ['an id with a colon', [{ id: 'a:b', key: bytes }]],
    ['a long id', [{ id: 'k'.repeat(65), key: bytes }]],
    ['an id with a line end', [{ id: 'k1\n', key: bytes }]],
    [
      'an id twice',
      [
        { id: 'k1', key: bytes },
        { id: 'k1', key: bytes.map((byte) => ~byte) },
      ],
    ],
    [
      'an id twice, once of a service',
      [
        { id: 'k1', key: bytes },
        { id: 'k1', service },
      ],
    ],
    [
      'a key under two ids',
      [
        { id: 'k1', key: bytes },
        { id: 'k2', key: base64 },
      ],
    ],
    ['no key', [{ id: 'k1' }]],
    ['16 bytes', [{ id: 'k1', key: bytes.subarray(16) }]],
    ['33 bytes', [{ id: 'k1', key: new Uint8Array(33).map((_, index) => index) }]],
    ['numbers', [{ id: 'k1', key: [...bytes] }]],
    ['words', [{ id: 'k1', key: 'correct horse battery staple!!!!' }]],
    ['hex', [{ id: 'k1', key: Buffer.from(bytes).toString('hex') }]],
    ['base64 with a space', [{ id: 'k1', key: ` ${base64}` }]],
    ['base64 with two pads', [{ id: 'k1', key: `${base64}=` }]],
    ['base64 with stray bits', [{ id: 'k1', key: `${base64.slice(0, -2)}d=` }]],
    ['zeros', [{ id: 'k1', key: new Uint8Array(32) }]],
    ['a pattern', [{ id: 'k1', key: new Uint8Array(32).map((_, index) => index % 7) }]],
    ['a key and a service', [{ id: 'k1', key: bytes, service }]],
    ['a key with a service’s option', [{ id: 'k1', key: bytes, cacheFor: '1m' }]],
    ['a service that cannot decrypt', [{ id: 'k1', service: { encrypt: service.encrypt } }]],
    ['a service kept for no time', [{ id: 'k1', service, cacheFor: '0s' }]],
    ['a misspelt option', [{ id: 'k1', key: bytes, algorithm: 'gcm' }]],
  ])('refuse %s, without quoting it', (_what, keys) => {
    const make = () => testSender([], { keys: keys as readonly SecretKey[] })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(/^keys/)
    expect(make).not.toThrow(/correct horse|yMnK/)
  })
})
