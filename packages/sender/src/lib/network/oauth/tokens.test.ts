import { describe, expect, it } from 'vitest'
import type { AttemptOutcome, AttemptRequest } from '../../ports/transport'
import { createTokens, type WantedToken } from './tokens'

const wanted: WantedToken = {
  key: 'ep_1',
  tokenUrl: 'https://auth.example.com/token',
  clientId: 'a client',
  scope: 'hooks write',
  clientSecret: () => 'p&ss:wörd',
}

function setup(expiresIn = 100) {
  const requests: AttemptRequest[] = []
  const time = { now: 1_000_000 }
  let hold: Promise<void> = Promise.resolve()
  const send = async (request: AttemptRequest): Promise<AttemptOutcome> => {
    requests.push(request)
    const number = requests.length
    await hold
    const body = JSON.stringify({ access_token: `t${number}`, expires_in: expiresIn })
    return {
      kind: 'response',
      status: 200,
      headers: {},
      body: Buffer.from(body),
      truncated: false,
      durationMs: 0,
    }
  }
  const tokens = createTokens(send, () => time.now)
  const get = async (want = wanted) => {
    const answer = await tokens.get(want, 5_000)
    return answer.ok ? answer.token : answer.failure.code
  }
  const wait = (until: Promise<void>) => {
    hold = until
  }
  return { tokens, get, requests, time, wait }
}

describe('createTokens', () => {
  it('asks as RFC 6749, 4.4 and 2.3.1 say', async () => {
    const { get, requests } = setup()
    await get({ ...wanted, audience: 'https://hooks' })
    const [request] = requests
    expect(request).toMatchObject({ url: wanted.tokenUrl, timeoutMs: 5_000 })
    expect(Buffer.from(request?.body ?? []).toString()).toBe(
      'grant_type=client_credentials&scope=hooks+write&audience=https%3A%2F%2Fhooks',
    )
    const [scheme, code] = request?.headers.authorization?.split(' ') ?? []
    expect(scheme).toBe('Basic')
    expect(Buffer.from(code ?? '', 'base64').toString()).toBe('a+client:p%26ss%3Aw%C3%B6rd')
  })

  it('keeps a token until shortly before its end', async () => {
    const { get, requests, time } = setup(100)
    expect(await get()).toBe('t1')
    time.now += 69_999
    expect(await get()).toBe('t1')
    time.now += 1
    expect(await get()).toBe('t2')
    expect(requests).toHaveLength(2)
  })

  it('uses one that is not to be kept once', async () => {
    const { get } = setup(0)
    expect([await get(), await get()]).toEqual(['t1', 't2'])
  })

  it('asks once for all who wait, and for each key by itself', async () => {
    const { get, requests, wait } = setup()
    let open = () => {}
    wait(new Promise((resolve) => (open = resolve)))
    const asked = [get(), get(), get({ ...wanted, key: 'ep_2' })]
    open()
    expect(await Promise.all(asked)).toEqual(['t1', 't1', 't2'])
    expect(requests).toHaveLength(2)
  })

  it('drops the token that was refused, and no newer one', async () => {
    const { get, tokens } = setup()
    expect(await get()).toBe('t1')
    tokens.drop(wanted.key, 't1')
    expect(await get()).toBe('t2')
    tokens.drop(wanted.key, 't1')
    expect(await get()).toBe('t2')
  })

  it('rejects when the secret cannot be opened, and tries again the next time', async () => {
    const { get } = setup()
    const broken = { ...wanted, clientSecret: () => Promise.reject(new Error('no key')) }
    await expect(get(broken)).rejects.toThrow('no key')
    expect(await get()).toBe('t1')
  })
})
