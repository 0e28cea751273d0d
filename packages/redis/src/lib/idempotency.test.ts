import { describe, expect, it, vi } from 'vitest'
import { fromIoredis, fromNodeRedis } from './clients'
import { redisIdempotency } from './idempotency'

const key = { source: 'billing', id: 'msg_1' }

function fake(answer: unknown) {
  const evalsha = vi.fn(async (_sha: string, _keys: string[], _args: string[]) => answer)
  return { evalsha, eval: vi.fn(async (_text: string, _keys: string[], _args: string[]) => answer) }
}

describe('redisIdempotency', () => {
  it('asks with one key, of its prefix, source and id', async () => {
    const client = fake(['acquired'])
    await redisIdempotency({ client, prefix: 'app:' }).claim(key, 'body', 1_500.4)
    expect(client.evalsha).toHaveBeenCalledWith(
      expect.stringMatching(/^[0-9a-f]{40}$/),
      ['app:7:billing:msg_1'],
      ['body', expect.any(String), '1500'],
    )
    expect(client.eval).not.toHaveBeenCalled()
  })

  it('sends the script itself where Redis does not know it', async () => {
    const client = fake(['acquired'])
    client.evalsha.mockRejectedValueOnce(new Error('NOSCRIPT No matching script.'))
    const claimed = await redisIdempotency({ client }).claim(key, 'body', 1_000)
    expect(claimed).toEqual({ state: 'acquired', token: expect.any(String) })
    expect(client.eval).toHaveBeenCalledWith(
      expect.stringContaining("redis.call('TIME')"),
      ...(client.evalsha.mock.calls[0]?.slice(1) ?? []),
    )
  })

  it.each([
    [['in_flight', 1_200], { state: 'in_flight', retryInMs: 1_200 }],
    [['in_flight', '1200'], { state: 'in_flight', retryInMs: 1_200 }],
    [[Buffer.from('done')], { state: 'done' }],
    [['mismatch'], { state: 'mismatch' }],
  ])('understands %j, however the client gives it', async (answer, result) => {
    expect(await redisIdempotency({ client: fake(answer) }).claim(key, 'body', 1_000)).toEqual(
      result,
    )
  })

  it.each([[null], ['OK'], [[]], [['constructor']]])(
    'fails on an answer of no meaning: %j',
    async (answer) => {
      const asked = redisIdempotency({ client: fake(answer) }).claim(key, 'body', 1_000)
      await expect(asked).rejects.toMatchObject({ code: 'store_failed' })
    },
  )

  it.each([
    [1, true],
    ['1', true],
    [1n, true],
    [0, false],
    [null, false],
  ])('takes %o for %s', async (answer, result) => {
    const store = redisIdempotency({ client: fake(answer) })
    expect(await store.renew({ ...key, token: 't' }, 1_000)).toBe(result)
  })

  it.each([
    [
      { name: 'Error', message: 'READONLY You can’t write against a read only replica.' },
      'store_busy',
    ],
    [{ message: 'ERR Error running script: -LOADING Redis is loading' }, 'store_busy'],
    [{ message: '', code: 'ECONNRESET' }, 'store_busy'],
    [{ message: 'x', name: 'MaxRetriesPerRequestError' }, 'store_busy'],
    [{ message: 'OOM command not allowed' }, 'store_failed'],
    [{ message: 'NOPERM this user has no permissions' }, 'store_failed'],
    ['a string', 'store_failed'],
    [undefined, 'store_failed'],
  ])('tells what may pass soon from what will not: %j', async (cause, code) => {
    const client = fake(1)
    client.evalsha.mockRejectedValueOnce(cause)
    const asked = redisIdempotency({ client }).release({ ...key, token: 't' })
    await expect(asked).rejects.toMatchObject({ name: 'WebhookError', code })
  })

  it('refuses a bare client, and says what makes it fit', () => {
    for (const client of [undefined, {}, { eval: () => {} }]) {
      expect(() => Reflect.apply(redisIdempotency, undefined, [{ client }])).toThrow(/fromIoredis/)
    }
    const wrong = { client: fake(1), prefix: 1 }
    expect(() => Reflect.apply(redisIdempotency, undefined, [wrong])).toThrow(TypeError)
  })
})

describe('the clients', () => {
  it('are asked in their own ways', async () => {
    const io = { eval: vi.fn(), evalsha: vi.fn() }
    await fromIoredis(io).eval('return 1', ['k'], ['a', 'b'])
    await fromIoredis(io).evalsha('abc', ['k'], ['a'])
    expect(io.eval).toHaveBeenCalledWith('return 1', 1, 'k', 'a', 'b')
    expect(io.evalsha).toHaveBeenCalledWith('abc', 1, 'k', 'a')
    const node = { eval: vi.fn(), evalSha: vi.fn() }
    await fromNodeRedis(node).eval('return 1', ['k'], ['a'])
    await fromNodeRedis(node).evalsha('abc', ['k'], ['a'])
    expect(node.eval).toHaveBeenCalledWith('return 1', { keys: ['k'], arguments: ['a'] })
    expect(node.evalSha).toHaveBeenCalledWith('abc', { keys: ['k'], arguments: ['a'] })
  })
})
