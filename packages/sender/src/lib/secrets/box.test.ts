import { describe, expect, it } from 'vitest'
import { fakeClock } from '../testing/fake-clock'
import { createSecretBox } from './box'
import { type KeyService, resolveKeys, type SecretKey } from './keys'

const one = { id: 'k1', key: new Uint8Array(32).map((_, index) => index) }
const two = { id: 'k2', key: new Uint8Array(32).map((_, index) => index + 100) }
const owner = { tenantId: 'acme', endpointId: 'ep_1' }
const unauthentic =
  /^A stored secret does not open: it was altered, it is another endpoint’s, or `keys`/

function boxOf(...keys: readonly SecretKey[]) {
  const clock = fakeClock()
  const ring = resolveKeys(keys.length === 0 ? undefined : keys, { clock, timeoutMs: 5_000 })
  return { clock, ...createSecretBox(ring, clock.now) }
}

/** What opening comes to, whether it throws or rejects. */
async function opening(box: ReturnType<typeof boxOf>, sealed: string, whose = owner) {
  try {
    return await box.open(sealed, whose)
  } catch (error) {
    return error
  }
}

describe('a box without keys', () => {
  it('stores secrets as they are, and says so', () => {
    const box = boxOf()
    expect(box.seal('whsec_x', owner)).toBe('v0:plain:whsec_x')
    expect(box.open('v0:plain:whsec_x', owner)).toBe('whsec_x')
    expect(box.isCurrent('v0:plain:whsec_x')).toBe(true)
    expect(box.isCurrent('v1:gcm:k1:abc')).toBe(false)
  })

  it('names the key that it would need', async () => {
    const sealed = await boxOf(one).seal('whsec_x', owner)
    expect(await opening(boxOf(), sealed)).toMatchObject({
      code: 'config',
      message: 'A stored secret is sealed with the key "k1", which `keys` does not have: add it.',
      details: { keyId: 'k1' },
    })
  })
})

describe('a box with keys', () => {
  it('seals with the first, opens at once with any, and opens the plain form still', () => {
    const before = boxOf(one).seal('older', owner)
    const box = boxOf(two, one)
    const sealed = box.seal('newer', owner)
    if (typeof before !== 'string' || typeof sealed !== 'string') throw new TypeError('a promise')
    expect(sealed).toMatch(/^v1:gcm:k2:[\w-]{44}$/)
    expect(box.open(sealed, owner)).toBe('newer')
    expect(box.open(before, owner)).toBe('older')
    expect(box.open('v0:plain:oldest', owner)).toBe('oldest')
    expect([sealed, before, 'v0:plain:x'].map(box.isCurrent)).toEqual([true, false, false])
  })

  it('seals each time anew, and whatever a string may be', async () => {
    const box = boxOf(one)
    expect(box.seal('same', owner)).not.toBe(box.seal('same', owner))
    for (const secret of ['', 'ü€😀\u0000', '\ufeffmarked', 'x'.repeat(10_000)])
      expect(await boxOf(one).open(await box.seal(secret, owner), owner)).toBe(secret)
  })

  it('opens for its owner only, also what it has just opened', async () => {
    const box = boxOf(one)
    const sealed = await box.seal('secret', owner)
    expect(await box.open(sealed, owner)).toBe('secret')
    const others = [
      { tenantId: 'acme', endpointId: 'ep_2' },
      { tenantId: 'evil', endpointId: 'ep_1' },
      { tenantId: 'acme","ep_1', endpointId: '' },
      { tenantId: '', endpointId: 'acme","ep_1' },
    ]
    for (const other of others) {
      expect(await opening(box, sealed, other)).toMatchObject({ code: 'config' })
      expect(await opening(box, sealed, other)).toMatchObject({
        message: expect.stringMatching(unauthentic),
      })
    }
  })

  it('opens for no other key, whatever id it goes by', async () => {
    const sealed = await boxOf(one).seal('secret', owner)
    const reused = boxOf({ ...two, id: 'k1' })
    expect(await opening(reused, sealed)).toMatchObject({
      message: expect.stringMatching(unauthentic),
    })
    const renamed = boxOf({ ...one, id: 'k2' })
    expect(await opening(renamed, sealed.replace(':k1:', ':k2:'))).toMatchObject({
      message: expect.stringMatching(unauthentic),
    })
    expect(await opening(renamed, sealed)).toMatchObject({ details: { keyId: 'k1' } })
  })

  it('opens nothing altered, by one text that quotes nothing', async () => {
    const box = boxOf(one, two)
    const sealed = await box.seal('secret', owner)
    const head = 'v1:gcm:k1:'
    const text = sealed.slice(head.length)
    const altered = [
      head,
      `${head}${text}=`,
      `${head} ${text}`,
      `${head}${text}\n`,
      `${head}${text.slice(0, -1)}`,
      `${head}${text}A`,
      `${head}A${text}`,
      `${head}${text.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      `${head}${Buffer.from(text, 'base64url').toString('hex')}`,
      `v1:gcm:k2:${text}`,
      `v1:kms:k1:${text}`,
      `v1:gcm:${text}`,
      `v1:gcm::${text}`,
      `v1:aes:k1:${text}`,
      `V1:gcm:k1:${text}`.replace('V', 'v').replace('k1', 'k 1'),
      'v1:',
    ]
    for (const form of altered) {
      expect(await opening(box, form), form).toMatchObject({
        code: 'config',
        message: expect.stringMatching(unauthentic),
        details: {},
      })
    }
  })

  it('says what to do about a form it does not know', async () => {
    for (const form of ['', 'whsec_raw', 'v2:gcm:k1:abc', 'v0:', 'V1:gcm:k1:abc']) {
      expect(await opening(boxOf(one), form)).toMatchObject({
        code: 'config',
        message:
          'A stored secret has a form that this version cannot open: upgrade @posthorn/sender.',
      })
    }
  })

  it('opens nothing whose text has one bit turned', async () => {
    const box = boxOf(one)
    const head = 'v1:gcm:k1:'
    const bytes = Buffer.from((await box.seal('secret', owner)).slice(head.length), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes)
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const result = await opening(box, head + altered.toString('base64url'))
      expect(result).toMatchObject({ code: 'config' })
    }
  })
})

/** Turns bytes over, and counts. */
function testService() {
  const state = {
    encrypts: 0,
    decrypts: 0,
    contexts: new Set<string>(),
    failure: undefined as unknown,
  }
  const turn = async (bytes: Uint8Array, context: object) => {
    state.contexts.add(JSON.stringify(context))
    if (state.failure !== undefined) throw state.failure
    return bytes.map((byte) => byte ^ 0xff)
  }
  const service: KeyService = {
    encrypt: (bytes, context) => {
      state.encrypts += 1
      return turn(bytes, context)
    },
    decrypt: (bytes, context) => {
      state.decrypts += 1
      return turn(bytes, context)
    },
  }
  return { state, service }
}

describe('a box whose first key a service keeps', () => {
  it('seals under a key of its own, which alone the service sees', async () => {
    const { state, service } = testService()
    const seen: Uint8Array[] = []
    const watched: KeyService = {
      ...service,
      encrypt: (bytes, context) => {
        seen.push(bytes)
        return service.encrypt(bytes, context)
      },
    }
    const box = boxOf({ id: 'kms', service: watched })
    const sealed = await box.seal('secret', owner)
    expect(sealed).toMatch(/^v1:kms:kms:[\w-]{43}\.[\w-]{46}$/)
    expect(seen.map((bytes) => bytes.byteLength)).toEqual([32])
    expect(await box.open(sealed, owner)).toBe('secret')
    expect([...state.contexts]).toEqual(['{"tenantId":"acme","endpointId":"ep_1"}'])
    expect([box.isCurrent(sealed), box.isCurrent('v1:gcm:kms:x')]).toEqual([true, false])
  })

  it('binds the secret to its owner even where the service ignores the context', async () => {
    const box = boxOf({ id: 'kms', service: testService().service })
    const sealed = await box.seal('secret', owner)
    const other = { ...owner, endpointId: 'ep_2' }
    expect(await opening(box, sealed, other)).toMatchObject({ code: 'config' })
  })

  it('asks once for those who wait together, and again when the time is over', async () => {
    const { state, service } = testService()
    const box = boxOf({ id: 'kms', service, cacheFor: '1m' })
    const sealed = await box.seal('secret', owner)
    const answers = await Promise.all([1, 2, 3].map(() => box.open(sealed, owner)))
    expect(answers).toEqual(['secret', 'secret', 'secret'])
    expect(box.open(sealed, owner)).toBe('secret')
    expect(state.decrypts).toBe(1)
    await box.clock.advance('59s')
    expect(box.open(sealed, owner)).toBe('secret')
    await box.clock.advance('1s')
    expect(await box.open(sealed, owner)).toBe('secret')
    expect(state.decrypts).toBe(2)
  })

  it('remembers no failure, and tells of it without the service’s text', async () => {
    const { state, service } = testService()
    const box = boxOf({ id: 'kms', service })
    const sealed = await box.seal('secret', owner)
    state.failure = Object.assign(new TypeError('the text may quote a key'), { code: 'ECONNRESET' })
    const error = await opening(box, sealed)
    expect(error).toMatchObject({
      code: 'secrets_unavailable',
      message: 'The key service of key "kms" could not decrypt: TypeError ECONNRESET.',
    })
    expect(error).not.toHaveProperty('cause')
    state.failure = undefined
    expect(await opening(box, sealed)).toBe('secret')
  })

  it('waits for the service no longer than an attempt may take', async () => {
    const service: KeyService = { ...testService().service, decrypt: () => new Promise(() => {}) }
    const sealed = await boxOf({ id: 'kms', service }).seal('secret', owner)
    const box = boxOf({ id: 'kms', service })
    const waiting = opening(box, sealed)
    await box.clock.advance('4999ms')
    expect(box.clock.sleeping).toBe(1)
    await box.clock.advance('1ms')
    expect(await waiting).toMatchObject({
      code: 'secrets_unavailable',
      message: 'The key service of key "kms" could not decrypt: no answer in time.',
    })
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'c2VjcmV0'],
    ['no bytes', new Uint8Array()],
    ['too many bytes', new Uint8Array(8_193)],
  ])('takes %s for no answer', async (_what, answer) => {
    const strange = { encrypt: async () => answer, decrypt: async () => answer } as KeyService
    const box = boxOf({ id: 'kms', service: strange })
    await expect(box.seal('secret', owner)).rejects.toMatchObject({ code: 'secrets_unavailable' })
    expect(box.clock.sleeping).toBe(0)
  })

  it('opens nothing altered', async () => {
    const { service } = testService()
    const box = boxOf({ id: 'kms', service }, one)
    const sealed = await box.seal('secret', owner)
    const [head = '', tail = ''] = sealed.split('.')
    const other = (await box.seal('another', owner)).split('.')
    const altered = [
      head,
      `${head}.`,
      `v1:kms:kms:.${tail}`,
      `${sealed}.${tail}`,
      `${head}=.${tail}`,
      `${head}AAAA.${tail}`,
      `${head.slice(0, -4)}.${tail}`,
      `${head}.${tail.slice(0, -1)}`,
      `${other[0]}.${tail}`,
      `${head}.${other[1]}`,
      sealed.replace(':kms:kms:', ':kms:k1:'),
      sealed.replace(':kms:kms:', ':gcm:kms:'),
    ]
    for (const form of altered) {
      expect(await opening(box, form), form).toMatchObject({ code: 'config' })
    }
  })

  it('opens what a local key sealed before, and the reverse', async () => {
    const { service } = testService()
    const kms = { id: 'kms', service }
    const local = await boxOf(one).seal('local', owner)
    const remote = await boxOf(kms).seal('remote', owner)
    for (const box of [boxOf(kms, one), boxOf(one, kms)]) {
      expect(await box.open(local, owner)).toBe('local')
      expect(await box.open(remote, owner)).toBe('remote')
    }
  })
})
