import { afterEach, describe, expect, it, vi } from 'vitest'
import { fromEnv } from './from-env'
import { headerLookup } from './request'
import { OTHER_SECRET, SECRET, setUp, signed } from './test-support'

const request = { headers: headerLookup({}), params: {} }

afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
})

describe('fromEnv', () => {
  it('reads only when a request comes', async () => {
    const { receiver } = setUp({ secrets: fromEnv('WEBHOOK_SECRET') })
    receiver.on('run.completed', () => {})
    vi.stubEnv('WEBHOOK_SECRET', SECRET)
    expect((await receiver.receive(await signed())).status).toBe(200)
    vi.stubEnv('WEBHOOK_SECRET', OTHER_SECRET)
    expect((await receiver.receive(await signed())).status).toBe(401)
  })

  it('names the missing variable in the log, and not in the reply', async () => {
    const { receiver, lines } = setUp({ secrets: fromEnv('POSTHORN_TEST_MISSING') })
    const result = await receiver.receive(await signed())
    expect(result).toMatchObject({ status: 503, body: '{"code":"secrets_unavailable"}' })
    expect(lines[0]?.message).toContain('POSTHORN_TEST_MISSING')
  })

  it.each([
    [SECRET, [SECRET]],
    [`${SECRET} ${OTHER_SECRET}`, [SECRET, OTHER_SECRET]],
    [` ${SECRET},${OTHER_SECRET}\n`, [SECRET, OTHER_SECRET]],
    [`${SECRET}, ${OTHER_SECRET}`, [SECRET, OTHER_SECRET]],
  ])('reads several secrets: %j', async (value, secrets) => {
    expect(await fromEnv('S', { env: { S: value } })(request)).toEqual(secrets)
  })

  it.each([undefined, '', '  ', ' , '])('has no secret in %j', (value) => {
    const ask = () => fromEnv('MY_SECRET', { env: { MY_SECRET: value } })(request)
    expect(ask).toThrow('Set the environment variable MY_SECRET')
    expect(ask).toThrow(
      expect.objectContaining({ code: 'config', details: { variable: 'MY_SECRET' } }),
    )
  })

  it.each([undefined, {}])('has none where there is no environment: %j', (process) => {
    vi.stubGlobal('process', process)
    const ask = () => fromEnv('MY_SECRET')(request)
    expect(ask).toThrow('Set the environment variable MY_SECRET')
  })

  it.each(['', ' ', undefined])('needs a name, not %j', (name) => {
    // @ts-expect-error: what JavaScript may pass all the same
    expect(() => fromEnv(name)).toThrow('fromEnv: give the name of the environment variable')
  })
})
