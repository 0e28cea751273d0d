import { defineScheme, type EnvelopeHints, envelopes, schemes } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { completed, NOW, OTHER_SECRET, setUp, signed, signedBytes } from '../test-support'

const bare = defineScheme({
  name: 'bare',
  headers: { signature: 'x-signature' },
  signed: '{body}',
  layout: { kind: 'single' },
  encoding: 'hex',
  key: 'utf8',
})

describe('the envelope is told', () => {
  async function hintsOf(options: Parameters<typeof setUp>[0], request: ReturnType<typeof signed>) {
    const decode = vi.fn((_json: unknown, _hints?: EnvelopeHints) => ({
      ok: true as const,
      event: completed,
    }))
    const envelope = { name: 'own', encode: () => ({}), decode }
    const { receiver, clock } = setUp({ envelope, ...options })
    receiver.on('run.completed', () => {})
    await clock.advance(1_500)
    const { headers, body } = await request
    await receiver.receive({ headers, body, params: { type: 'from.path' } })
    return decode.mock.calls[0]
  }

  it('the signed id and time', async () => {
    const request = signed(completed, { messageId: 'msg_5', at: NOW / 1_000 - 7 })
    const [json, hints] = (await hintsOf({}, request)) ?? []
    expect(json).toEqual({ ...completed, version: undefined })
    expect({ ...hints }).toStrictEqual({ id: 'msg_5', timestamp: '2026-01-31T11:59:53.000Z' })
  })

  it('a hash and our own time, where neither is signed', async () => {
    const options = { scheme: bare, secrets: 'a shared secret' }
    const request = signed(completed, { scheme: bare, secret: 'a shared secret' })
    const [, hints] = (await hintsOf(options, request)) ?? []
    expect({ ...hints }).toStrictEqual({
      id: expect.stringMatching(/^sha256-[0-9a-f]{64}$/),
      timestamp: '2026-01-31T12:00:01.500Z',
    })
  })

  it('the type, when there is an option for it', async () => {
    const [, fixed] = (await hintsOf({ type: 'run.completed' }, signed())) ?? []
    expect(fixed).toMatchObject({ type: 'run.completed' })
    const type = vi.fn(({ params = {} }) => params.type)
    const [, chosen] = (await hintsOf({ type }, signed())) ?? []
    expect(chosen).toMatchObject({ type: 'from.path' })
  })
})

describe('the raw envelope', () => {
  it('is the data alone', async () => {
    const { receiver } = setUp({ envelope: envelopes.raw, type: 'run.completed' })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const { headers, body } = await signedBytes('{"runId":"r1"}', 'msg_raw')
    expect((await receiver.receive({ headers, body })).status).toBe(200)
    expect(handler.mock.calls[0]?.[0]).toEqual({
      id: 'msg_raw',
      type: 'run.completed',
      timestamp: new Date(NOW).toISOString(),
      version: 1,
      data: { runId: 'r1', durationMs: 0 },
    })
  })

  it('needs a type', async () => {
    const { receiver } = setUp({ envelope: envelopes.raw })
    const { headers, body } = await signedBytes('{}', 'msg_raw')
    const { outcome } = await receiver.receive({ headers, body })
    expect(outcome).toMatchObject({
      code: 'invalid_envelope',
      messageId: 'msg_raw',
      issues: [expect.objectContaining({ path: 'type' })],
    })
  })

  it('fails as our own side when the type cannot be had', async () => {
    const type = () => Promise.reject(new Error('no route'))
    const { receiver } = setUp({ envelope: envelopes.raw, type })
    const { headers, body } = await signedBytes('{}', 'msg_raw')
    const { outcome } = await receiver.receive({ headers, body })
    expect(outcome).toMatchObject({ code: 'config', cause: new Error('no route') })
  })
})

describe('several schemes', () => {
  it.each([[[schemes.standard, schemes.svix]], [[schemes.svix, schemes.standard]]])(
    'say what is wrong with the headers that came',
    async (list) => {
      const { receiver } = setUp({ schemes: list })
      receiver.on('run.completed', () => {})
      expect((await receiver.receive(await signed())).status).toBe(200)
      const forged = await signed(completed, { secret: OTHER_SECRET })
      expect((await receiver.receive(forged)).body).toBe('{"code":"signature_mismatch"}')
      const none = await receiver.receive({ headers: {}, body: forged.body })
      expect(none.body).toBe('{"code":"missing_header"}')
    },
  )
})
