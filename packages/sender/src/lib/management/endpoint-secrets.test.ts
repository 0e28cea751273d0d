import { generateSecret, schemes, verifySignature } from '@posthorn/schema/signature'
import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

const noTolerance = { past: 0, future: 0 }

describe('secrets', () => {
  it('overlap: both sign until the overlap ends', async () => {
    const { clock, sender, transport } = testSender()
    const { endpoint, secret: old } = await sender.endpoints.create({ url })
    const { secret } = await sender.endpoints.rotateSecret(endpoint.id, { overlap: '1h' })
    const verdicts = async () => {
      await sender.send(run)
      await sender.deliverDue()
      const request = transport.requests.at(-1)
      if (request === undefined) throw new TypeError('no request')
      const options = { now: clock.now() / 1000, tolerance: noTolerance }
      const results = [secret, old].map((key) =>
        verifySignature(schemes.standard, request, [key], options),
      )
      return (await Promise.all(results)).map((result) => result.ok)
    }
    expect(await verdicts()).toEqual([true, true])
    await clock.advance('1h')
    expect(await verdicts()).toEqual([true, false])
  })

  it('can be revoked before their overlap ends, but not the current one', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    const rotated = await sender.endpoints.rotateSecret(endpoint.id)
    const [current, old] = rotated.endpoint.secrets
    expect(old?.expiresAt).toBeInstanceOf(Date)
    await expect(
      sender.endpoints.revokeSecret(endpoint.id, current?.id ?? ''),
    ).rejects.toMatchObject({ code: 'invalid_argument' })
    await expect(sender.endpoints.revokeSecret(endpoint.id, 'sec_none')).rejects.toMatchObject({
      code: 'secret_not_found',
    })
    expect((await sender.endpoints.revokeSecret(endpoint.id, old?.id ?? '')).secrets).toEqual([
      current,
    ])
  })

  it('are at most one current and three older ones', async () => {
    const { clock, sender } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    for (let count = 0; count < 3; count += 1) await sender.endpoints.rotateSecret(endpoint.id)
    await expect(sender.endpoints.rotateSecret(endpoint.id)).rejects.toMatchObject({
      code: 'too_many_secrets',
    })
    await clock.advance('24h')
    const { endpoint: after } = await sender.endpoints.rotateSecret(endpoint.id, { overlap: '0s' })
    expect(after.secrets).toHaveLength(1)
  })

  it('may be given, if a scheme can sign with them', async () => {
    const { sender } = testSender()
    const secret = generateSecret()
    expect((await sender.endpoints.create({ url, secret })).secret).toBe(secret)
    for (const weak of ['', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_!!!', 'x'.repeat(600)]) {
      const creating = sender.endpoints.create({ url, secret: weak })
      await expect(creating).rejects.toMatchObject({ code: 'invalid_secret' })
      if (weak.length > 8) await expect(creating).rejects.not.toThrow(weak)
    }
  })

  it('lie in the store in their versioned form', async () => {
    const { sender, store } = testSender()
    const { endpoint, secret } = await sender.endpoints.create({ url })
    const record = await store.endpoints.get('default', endpoint.id)
    expect(record?.secrets.map((stored) => stored.value)).toEqual([`v0:plain:${secret}`])
  })
})
