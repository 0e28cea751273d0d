import { describe, expect, it } from 'vitest'
import type { EndpointRecord } from '../model/endpoint'
import type { SecretKey } from '../secrets/keys'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { sealedValues } from './sealed-values'

const keyOf = (id: string, from: number): SecretKey => ({
  id,
  key: new Uint8Array(32).map((_, index) => from + index),
})
const one = keyOf('k1', 0)
const two = keyOf('k2', 100)

/** Senders with different rings over one store. */
function senders() {
  const store = memoryStore()
  const withKeys = (...keys: readonly SecretKey[]) =>
    testSender([], { store, ...(keys.length === 0 ? {} : { keys }) })
  const stored = async (): Promise<readonly EndpointRecord[]> =>
    (await store.endpoints.list({ limit: 1_000 })).items
  const forms = async () => (await stored()).flatMap(sealedValues).map((value) => value.slice(0, 9))
  return { store, withKeys, stored, forms }
}

describe('reencrypt', () => {
  it('lifts the plain form, then moves to a new key, after which the older can go', async () => {
    const { withKeys, forms } = senders()
    const { endpoint, secret } = await withKeys().sender.endpoints.create({ url })
    await withKeys().sender.endpoints.rotateSecret(endpoint.id)
    expect(await forms()).toEqual(['v0:plain:', 'v0:plain:'])
    const counts = { endpoints: 1, resealed: 1, failed: 0 }
    expect(await withKeys(one).sender.reencrypt()).toEqual(counts)
    expect(await forms()).toEqual(['v1:gcm:k1', 'v1:gcm:k1'])
    expect(await withKeys(two, one).sender.reencrypt()).toEqual(counts)
    expect(await forms()).toEqual(['v1:gcm:k2', 'v1:gcm:k2'])
    const { sender, transport } = withKeys(two)
    expect(await sender.reencrypt()).toEqual({ ...counts, resealed: 0 })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
    expect(secret).toMatch(/^whsec_/)
  })

  it('goes through all tenants and pages, or one tenant', async () => {
    const { withKeys, forms } = senders()
    const { sender: plain } = withKeys()
    for (let count = 0; count < 130; count += 1)
      await plain.tenant(count % 2 === 0 ? 'acme' : 'globex').endpoints.create({ url })
    const { sender } = withKeys(one)
    expect(await sender.reencrypt({ tenantId: 'acme' })).toMatchObject({
      endpoints: 65,
      resealed: 65,
    })
    const progress: unknown[] = []
    const onProgress = async (counts: object) => {
      await Promise.resolve()
      progress.push(counts)
    }
    expect(await sender.reencrypt({ onProgress })).toMatchObject({ endpoints: 130, resealed: 65 })
    expect(progress).toMatchObject([{ endpoints: 100 }, { endpoints: 130, resealed: 65 }])
    expect(new Set(await forms())).toEqual(new Set(['v1:gcm:k1']))
  })

  it('seals anew all that is sealed, and leaves everything else as it is', async () => {
    const { store, withKeys, stored } = senders()
    const { endpoint } = await withKeys().sender.endpoints.create({
      url,
      name: 'mine',
      headers: { 'x-team': 'a' },
      metadata: { plan: 'gold' },
    })
    const plain = (text: string) => `v0:plain:${text}`
    const kinds: readonly Partial<EndpointRecord>[] = [
      { authorization: { kind: 'bearer', token: plain('t') } },
      { authorization: { kind: 'basic', username: 'u', password: plain('p') } },
      {
        authorization: {
          kind: 'oauth2',
          tokenUrl: 'https://id.example/token',
          clientId: 'c',
          clientSecret: plain('s'),
        },
      },
      {
        tls: { ca: 'pem', certificate: 'pem', key: plain('k') },
        sealedHeaders: { 'x-a': plain('h') },
      },
      { tls: { ca: 'pem' } },
    ]
    for (const kind of kinds) {
      const [before] = await stored()
      if (before === undefined) throw new TypeError('no endpoint')
      const { authorization: _authorization, tls: _tls, sealedHeaders: _headers, ...rest } = before
      const secrets = [{ id: 'sec_1', value: plain('whsec_x'), createdAt: 1, expiresAt: 2 }]
      await store.endpoints.replace({ ...rest, ...kind, secrets })
      await withKeys(one).sender.reencrypt({})
      const [after] = await stored()
      if (after === undefined) throw new TypeError('no endpoint')
      const values = sealedValues(after)
      expect(values.every((value) => value.startsWith('v1:gcm:k1:'))).toBe(true)
      expect(values).toHaveLength(JSON.stringify({ ...kind, secrets }).split('v0:plain').length - 1)
      const masked = (record: object) => JSON.stringify(record).replace(/v[01]:[^"]*/g, '*')
      const { revision, updatedAt, ...changed } = after
      expect(JSON.parse(masked(changed))).toMatchObject(JSON.parse(masked({ ...kind, secrets })))
      expect(changed).toMatchObject({ name: 'mine', headers: { 'x-team': 'a' }, url })
    }
    expect((await stored())[0]?.id).toBe(endpoint.id)
  })

  it('counts and names what does not open, leaves it, and goes on', async () => {
    const { store, withKeys, forms } = senders()
    await withKeys().sender.endpoints.create({ url })
    const { endpoint } = await withKeys(one).sender.endpoints.create({ url })
    const lines: object[] = []
    const log = (fields: object) => lines.push(fields)
    const logger = { debug: log, info: log, warn: log, error: log }
    const { sender } = testSender([], { store, keys: [two], logger })
    expect(await sender.reencrypt()).toEqual({ endpoints: 2, resealed: 1, failed: 1 })
    expect((await forms()).sort()).toEqual(['v1:gcm:k1', 'v1:gcm:k2'])
    expect(lines).toMatchObject([
      { tenantId: 'default', endpointId: endpoint.id, error: expect.stringContaining('"k1"') },
    ])
  })

  it('writes over no change that is made meanwhile, and follows no endpoint that goes', async () => {
    const { store, withKeys, forms } = senders()
    const { sender } = withKeys()
    const { endpoint: kept } = await sender.endpoints.create({ url })
    const { endpoint: gone } = await sender.endpoints.create({ url })
    const get = store.endpoints.get
    let raced = false
    store.endpoints.get = async (tenantId, id) => {
      const record = await get(tenantId, id)
      if (id === gone.id) await store.endpoints.remove(tenantId, id)
      if (id === kept.id && !raced) {
        raced = true
        await sender.endpoints.update(id, { name: 'renamed' })
      }
      return record
    }
    const counts = await withKeys(one).sender.reencrypt()
    expect(counts).toEqual({ endpoints: 2, resealed: 1, failed: 0 })
    expect(await sender.endpoints.get(kept.id)).toMatchObject({ name: 'renamed' })
    expect(await forms()).toEqual(['v1:gcm:k1'])
  })

  it('stops where its key service cannot be reached, and goes on from there another time', async () => {
    const { withKeys, forms } = senders()
    for (let count = 0; count < 3; count += 1) await withKeys().sender.endpoints.create({ url })
    let calls = 0
    const service = {
      encrypt: async (bytes: Uint8Array) => {
        calls += 1
        if (calls === 2) throw new TypeError('unreachable')
        return bytes.map((byte) => byte ^ 1)
      },
      decrypt: async (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1),
    }
    const { sender } = withKeys({ id: 'kms', service })
    await expect(sender.reencrypt()).rejects.toMatchObject({ code: 'secrets_unavailable' })
    expect((await forms()).sort()).toEqual(['v0:plain:', 'v0:plain:', 'v1:kms:km'])
    expect(await sender.reencrypt()).toEqual({ endpoints: 3, resealed: 2, failed: 0 })
  })

  it('is refused without keys, after a stop, and with options that are none', async () => {
    const { withKeys } = senders()
    await expect(withKeys().sender.reencrypt()).rejects.toMatchObject({ code: 'config' })
    const { sender } = withKeys(one)
    const wrong: readonly object[] = [{ tenant: 'acme' }, { tenantId: '' }, { onProgress: 'log' }]
    for (const options of wrong)
      await expect(sender.reencrypt(options)).rejects.toMatchObject({ code: 'invalid_argument' })
    await sender.stop()
    await expect(sender.reencrypt()).rejects.toMatchObject({ code: 'sender_stopped' })
  })
})
