import { describe, expect, it, vi } from 'vitest'
import { completed, setUp, signed, stub } from '../test-support'

describe('dedupe: the store is down', () => {
  it.each(['rejects', 'throws'])('at the claim (%s): 503, and no handler runs', async (how) => {
    const down = new Error('connect ECONNREFUSED')
    const claim = () => {
      if (how === 'throws') throw down
      return Promise.reject(down)
    }
    const { receiver, lines } = setUp({ store: { ...stub(), claim } })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    expect(await receiver.receive(await signed())).toEqual({
      status: 503,
      headers: { 'content-type': 'application/json' },
      body: '{"code":"store_unavailable"}',
      outcome: {
        kind: 'refused',
        code: 'store_unavailable',
        messageId: completed.id,
        type: 'run.completed',
        cause: down,
      },
    })
    expect(handler).not.toHaveBeenCalled()
    expect(lines[0]?.level).toBe('error')
  })

  it('at the end: 503, as success could not be remembered', async () => {
    const down = new Error('gone')
    const complete = () => Promise.reject(down)
    const { receiver } = setUp({ store: { ...stub(), complete } })
    receiver.on('run.completed', () => {})
    expect(await receiver.receive(await signed())).toMatchObject({
      status: 503,
      body: '{"code":"store_unavailable"}',
      outcome: { messageId: completed.id, type: 'run.completed', cause: down },
    })
  })
})
