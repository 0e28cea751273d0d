import { describe, expect, it, vi } from 'vitest'
import { badRequests } from '../bad-requests'
import { SECRET, setUp } from '../test-support'

describe('receive refuses', () => {
  it.each(badRequests)('%s: %i %s', async (_name, status, code, make) => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const result = await receiver.receive(await make())
    expect(result).toMatchObject({
      status,
      body: `{"code":"${code}"}`,
      outcome: { kind: 'refused', code },
    })
    expect(result.headers).toEqual({
      'content-type': 'application/json',
      ...(status === 405 ? { allow: 'POST' } : {}),
    })
    expect(handler).not.toHaveBeenCalled()
  })

  it.each(badRequests.filter(([, status]) => status < 422))(
    '%s: and touches no claim',
    async (_name, _status, _code, make) => {
      const { receiver, store } = setUp()
      receiver.on('run.completed', () => {})
      const claim = vi.spyOn(store, 'claim')
      await receiver.receive(await make())
      expect(claim).not.toHaveBeenCalled()
    },
  )

  it.each(
    badRequests.filter(([, , code]) => code === 'invalid_data' || code === 'unsupported_version'),
  )('%s: and gives the claim back, so that a replay runs', async (_name, _status, _code, make) => {
    const { receiver, store } = setUp()
    receiver.on('run.completed', () => {})
    const request = await make()
    await receiver.receive(request)
    expect((await receiver.receive(request)).status).toBe(422)
    const id = { source: 'billing', id: 'msg_raw' }
    expect((await store.claim(id, 'any', 1)).state).toBe('acquired')
  })

  it('no refusal says anything but its code', async () => {
    for (const [, , code, make] of badRequests) {
      const { receiver } = setUp()
      receiver.on('run.completed', () => {})
      const { body, headers } = await receiver.receive(await make())
      expect(JSON.parse(body)).toEqual({ code })
      expect(JSON.stringify(headers)).not.toContain(SECRET)
    }
  })
})
