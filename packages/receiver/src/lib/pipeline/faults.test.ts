import { schemes, WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { completed, events, failed, setUp, signed } from '../test-support'

describe('receive: our own side fails', () => {
  it.each([
    [
      'throws at once',
      () => {
        throw new Error('secret text')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('secret text')
      },
    ],
    ['rejects with nothing', () => Promise.reject(undefined)],
    ['rejects with a string', () => Promise.reject('secret text')],
  ])('a handler that %s: 500 handler_failed, and not a word of it', async (_name, handler) => {
    const { receiver } = setUp()
    receiver.on('run.completed', handler)
    const result = await receiver.receive(await signed())
    expect(result).toMatchObject({
      status: 500,
      headers: { 'content-type': 'application/json' },
      body: '{"code":"handler_failed"}',
    })
  })

  it('a scheme that throws: 500 config', async () => {
    const scheme = { ...schemes.standard, verify: () => Promise.reject(new Error('own bug')) }
    const { receiver, lines } = setUp({ scheme })
    const result = await receiver.receive(await signed())
    const cause = new Error('own bug')
    expect(result).toMatchObject({ status: 500, body: '{"code":"config"}', outcome: { cause } })
    expect(lines[0]?.level).toBe('error')
  })

  it("a verify put in a scheme's place is asked, whatever the scheme itself would say", async () => {
    const verify = vi.fn(async () => ({ ok: false, code: 'signature_mismatch' }) as const)
    const { receiver } = setUp({ scheme: { ...schemes.standard, verify } })
    expect((await receiver.receive(await signed())).status).toBe(401)
    expect(verify).toHaveBeenCalledTimes(1)
  })

  it('an envelope that throws: 500 config', async () => {
    const envelope = {
      name: 'own',
      encode: () => ({}),
      decode: () => {
        throw new Error('bug')
      },
    }
    const { receiver } = setUp({ envelope })
    const result = await receiver.receive(await signed())
    expect(result).toMatchObject({
      status: 500,
      outcome: { code: 'config', messageId: completed.id, cause: new Error('bug') },
    })
  })

  it('a catalogue that throws: 500 config', async () => {
    const { receiver, store } = setUp()
    receiver.on('run.failed', () => {})
    const broken = {
      types: [],
      has: () => true,
      latest: () => 1,
      definition: () => undefined,
      validate: () => Promise.reject(new Error('bug')),
      decode: () => Promise.reject(new Error('bug')),
    }
    const { receiver: other } = setUp({ events: broken, store })
    other.on('run.failed', () => {})
    const result = await other.receive(await signed(failed))
    const cause = new Error('bug')
    expect(result).toMatchObject({ status: 500, body: '{"code":"config"}', outcome: { cause } })
    expect((await receiver.receive(await signed(failed))).status).toBe(200)
  })

  it('a catalogue of two minds about a type: 422 invalid_data', async () => {
    const issues = [{ path: 'type', message: 'unknown' }]
    const decode = async () => ({ ok: false, code: 'unknown_event_type', issues }) as const
    const { receiver } = setUp({ events: { ...events, decode } })
    receiver.on('run.failed', () => {})
    const result = await receiver.receive(await signed(failed))
    expect(result).toMatchObject({ status: 422, outcome: { code: 'invalid_data', issues } })
  })

  it('a scheme that names no secret of ours: the handler gets its number', async () => {
    const verify = async () =>
      ({ ok: true, id: 'a', timestamp: undefined, secretIndex: 7 }) as const
    const { receiver } = setUp({ scheme: { ...schemes.standard, verify } })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    expect(handler.mock.calls[0]?.[1]).toMatchObject({ secretIndex: 7 })
    expect(handler.mock.calls[0]?.[1]).not.toHaveProperty('secretId')
  })

  it('headers that are none: 500 config', async () => {
    const { receiver } = setUp()
    // @ts-expect-error: what JavaScript may pass all the same
    const result = await receiver.receive({ headers: undefined, body: new Uint8Array() })
    expect(result).toMatchObject({ status: 500, body: '{"code":"config"}' })
  })

  it('a clock that throws: 500 config', async () => {
    const clock = {
      now: () => {
        throw new Error('no time')
      },
      sleep: async () => {},
    }
    const { receiver } = setUp({ clock })
    expect((await receiver.receive(await signed())).body).toBe('{"code":"config"}')
  })

  it.each([
    [
      'throws',
      () => {
        throw new WebhookError('config', 'Set the environment variable X.')
      },
    ],
    ['rejects', () => Promise.reject(new Error('vault sealed'))],
    ['has none', () => []],
    ['has an empty one', () => ''],
    ['has a weak one', () => 'whsec_c2hvcnQ='],
    ['has something else', () => 42],
  ])('a secret provider that %s: 503 secrets_unavailable', async (_name, secrets) => {
    // @ts-expect-error: what JavaScript may return all the same
    const { receiver, lines } = setUp({ secrets })
    const result = await receiver.receive(await signed())
    expect(result).toMatchObject({ status: 503, body: '{"code":"secrets_unavailable"}' })
    expect(lines[0]?.level).toBe('error')
    expect(JSON.stringify(lines)).not.toContain('c2hvcnQ')
  })

  it('keeps what the provider threw', async () => {
    const cause = new Error('vault sealed')
    const { receiver } = setUp({ secrets: () => Promise.reject(cause) })
    const { outcome } = await receiver.receive(await signed())
    expect(outcome).toMatchObject({ code: 'secrets_unavailable', cause })
  })

  it('names the missing variable in the log', async () => {
    const secrets = () => {
      throw new WebhookError('config', 'Set the variable X.')
    }
    const { receiver, lines } = setUp({ secrets })
    await receiver.receive(await signed())
    expect(lines[0]?.message).toContain('Set the variable X.')
  })
})
