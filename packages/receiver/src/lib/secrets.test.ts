import { defineScheme, generateSecret, schemes, WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { headerLookup } from './request'
import { secretLookup } from './secrets'
import { completed, NOW, OTHER_SECRET, SECRET, setUp, signed } from './test-support'

const request = { headers: headerLookup({}), params: {} }
const standard = [schemes.standard]

describe('secrets given as values', () => {
  it.each([
    ['empty', ''],
    ['blank', '   '],
    ['short', `whsec_${btoa('short')}`],
    ['not base64', `whsec_${'%'.repeat(44)}`],
    ['with a blank', `${SECRET} `],
    ['one that only signs', generateSecret({ type: 'v1a' }).secret],
    ['a number', 42],
    ['null', null],
    ['named without a secret', { id: 'a' }],
    ['named with a number for a secret', { id: 'a', secret: 42 }],
    ['named with a number for an id', { id: 7, secret: SECRET }],
  ])('are refused when %s, with a TypeError that does not show them', (_name, secret) => {
    // @ts-expect-error: what JavaScript may pass all the same
    const resolve = () => secretLookup([SECRET, secret], standard)
    expect(resolve).toThrow(TypeError)
    expect(resolve).toThrow('createReceiver: secrets: ')
    try {
      resolve()
    } catch (error) {
      const { message, cause } = error instanceof Error ? error : expect.fail()
      expect(WebhookError.is(cause, 'invalid_secret')).toBe(true)
      if (typeof secret === 'string' && secret.length > 10) expect(message).not.toContain(secret)
    }
  })

  it('are checked against every scheme', () => {
    const own = defineScheme({
      name: 'own',
      headers: { signature: 'x-own' },
      signed: '{body}',
      layout: { kind: 'single' },
      encoding: 'hex',
      key: 'utf8',
    })
    expect(() => secretLookup('just words', [own])).not.toThrow()
    expect(() => secretLookup('just words', [own, schemes.standard])).toThrow(TypeError)
  })

  it.each([
    ...['yesterday', '12', '2026-13-01', '2026-01-01 x', 'on 2026-01-01'],
    ...[new Date(Number.NaN), 12, ['2026-01-01']],
  ])('need a real notAfter, not %s', (notAfter) => {
    // @ts-expect-error: what JavaScript may pass all the same
    expect(() => secretLookup([{ id: 'a', secret: SECRET, notAfter }], standard)).toThrow(
      'notAfter of secret 0',
    )
  })

  it.each([
    [[], 'There is no secret to verify with; give one.'],
    [[7], 'Secret 0 must be a string or { id, secret, notAfter? }.'],
    [[SECRET, generateSecret({ type: 'v1a' }).secret], 'verify with the whpk_ key of the pair'],
    [[{ id: 'a', secret: SECRET, notAfter: 'soon' }], 'notAfter of secret 0 must be a Date or ISO'],
  ])('are refused with a word on what to do: %#', (secrets, message) => {
    // @ts-expect-error: what JavaScript may pass all the same
    expect(() => secretLookup(secrets, standard)).toThrow(message)
  })

  it('are refused with a code as the cause', () => {
    const secrets = [{ id: 'a', secret: SECRET, notAfter: 'soon' }]
    const cause = expect.objectContaining({ code: 'invalid_secret' })
    expect(() => secretLookup(secrets, standard)).toThrow(expect.objectContaining({ cause }))
  })

  it('are refused when a scheme refuses them in its own way', () => {
    const own = {
      ...schemes.standard,
      checkSecret: () => {
        throw Object.create(null)
      },
    }
    expect(() => secretLookup(SECRET, [own])).toThrow('secrets: a secret cannot be used')
  })

  it('may expire with a day', async () => {
    const find = secretLookup([{ id: 'a', secret: SECRET, notAfter: '2026-01-31' }], standard)
    expect(await find(request, Date.UTC(2026, 0, 31))).toMatchObject({ values: [SECRET] })
    expect(() => find(request, Date.UTC(2026, 0, 31) + 1)).toThrow(
      'Every secret is past its notAfter; add one.',
    )
  })

  it('keep their place and id when an older one has expired', async () => {
    const notAfter = new Date(NOW).toISOString()
    const find = secretLookup(
      [
        { id: 'old', secret: OTHER_SECRET, notAfter },
        { id: 'new', secret: SECRET },
      ],
      standard,
    )
    expect(await find(request, NOW)).toEqual({
      values: [OTHER_SECRET, SECRET],
      named: [
        { index: 0, id: 'old' },
        { index: 1, id: 'new' },
      ],
    })
    expect(await find(request, NOW + 1)).toEqual({
      values: [SECRET],
      named: [{ index: 1, id: 'new' }],
    })
  })

  it('are told to the handler by the place they were configured at', async () => {
    const notAfter = new Date(NOW - 1)
    const secrets = [
      { id: 'old', secret: OTHER_SECRET, notAfter },
      { id: 'new', secret: SECRET },
    ]
    const { receiver } = setUp({ secrets })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    expect(handler.mock.calls[0]?.[1]).toMatchObject({ secretIndex: 1, secretId: 'new' })
    const old = await signed(completed, { secret: OTHER_SECRET })
    expect((await receiver.receive(old)).status).toBe(401)
  })

  it('are unavailable when all have expired', async () => {
    const secrets = [{ id: 'old', secret: SECRET, notAfter: new Date(NOW) }]
    const { receiver, clock, lines } = setUp({ secrets })
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await signed())).status).toBe(200)
    await clock.advance(1)
    expect((await receiver.receive(await signed())).body).toBe('{"code":"secrets_unavailable"}')
    expect(lines.at(-1)?.message).toContain('past its notAfter')
  })
})

describe('several secrets', () => {
  it.each([
    [SECRET, 200],
    [OTHER_SECRET, 200],
    [generateSecret(), 401],
  ])('accept what any of them signed', async (secret, status) => {
    const { receiver } = setUp({ secrets: [SECRET, OTHER_SECRET] })
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await signed(completed, { secret }))).status).toBe(status)
  })

  it('accept a request signed with all of the sender, ours among them', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const request = await signed(completed, { secret: [generateSecret(), OTHER_SECRET, SECRET] })
    expect((await receiver.receive(request)).status).toBe(200)
  })

  it('accept v1a by its public key', async () => {
    const { secret, publicKey } = generateSecret({ type: 'v1a' })
    const { receiver } = setUp({ secrets: [SECRET, publicKey] })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    expect((await receiver.receive(await signed(completed, { secret }))).status).toBe(200)
    expect(handler.mock.calls[0]?.[1].secretIndex).toBe(1)
  })
})

describe('a provider', () => {
  it('is asked for each request, with its headers and parameters', async () => {
    const secrets = vi.fn(async () => [{ id: 'a', secret: SECRET }])
    const { receiver } = setUp({ secrets })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const { headers, body } = await signed()
    const params = { tenant: 'acme' }
    expect((await receiver.receive({ headers, body, params })).status).toBe(200)
    expect(handler.mock.calls[0]?.[1].secretId).toBe('a')
    const asked = secrets.mock.calls[0]?.[0 as never] as unknown
    expect(asked).toMatchObject({ params })
    await receiver.receive({ headers, body })
    expect(secrets).toHaveBeenCalledTimes(2)
  })

  it('may choose by tenant', async () => {
    const byTenant = new Map([
      ['acme', SECRET],
      ['globex', OTHER_SECRET],
    ])
    const secrets = ({ params }: { params: Readonly<Record<string, string>> }) =>
      byTenant.get(params.tenant ?? '') ?? []
    const { receiver } = setUp({ secrets })
    receiver.on('run.completed', () => {})
    const { headers, body } = await signed()
    const at = async (tenant: string) =>
      (await receiver.receive({ headers, body, params: { tenant } })).status
    expect([await at('acme'), await at('globex'), await at('nobody')]).toEqual([200, 401, 503])
  })

  it('has its secrets checked once', async () => {
    const checkSecret = vi.fn(schemes.standard.checkSecret)
    const secrets = [SECRET, OTHER_SECRET]
    const find = secretLookup(() => secrets, [{ ...schemes.standard, checkSecret }])
    await find(request, NOW)
    await find(request, NOW)
    expect(checkSecret).toHaveBeenCalledTimes(2)
  })

  it('does not remember secrets without bound', async () => {
    const checkSecret = vi.fn()
    let count = 0
    const find = secretLookup(
      () => `secret ${count % 1_001}`,
      [{ ...schemes.standard, checkSecret }],
    )
    for (; count < 1_002; count += 1) await find(request, NOW)
    expect(checkSecret).toHaveBeenCalledTimes(1_002)
  })
})
