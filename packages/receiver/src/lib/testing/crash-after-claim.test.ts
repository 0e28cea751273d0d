import { describe, expect, it, vi } from 'vitest'
import { memoryIdempotency } from '../stores/memory'
import { completed, NOW, SECRET, setUp } from '../test-support'
import { crashAfterClaim } from './crash-after-claim'
import { deliver } from './deliver'

describe('crashAfterClaim', () => {
  it('holds the claim of a request that is never answered, until the lease runs out', async () => {
    const { store, crashed } = crashAfterClaim(memoryIdempotency())
    const { receiver, clock } = setUp({ store })
    const handler = vi.fn()
    const answered = vi.fn()
    receiver.on('run.completed', handler)
    const options = { secret: SECRET, at: new Date(NOW) }

    void deliver(receiver, completed, options).then(answered)
    expect(await crashed).toEqual({ source: 'billing', id: completed.id })
    await clock.advance('29s')
    const meanwhile = await deliver(receiver, completed, options)
    expect([meanwhile.status, meanwhile.headers['retry-after']]).toEqual([409, '1'])
    expect(handler).not.toHaveBeenCalled()

    await clock.advance('1s')
    expect((await deliver(receiver, completed, options)).body).toBe('{"code":"handled"}')
    expect((await deliver(receiver, completed, options)).body).toBe('{"code":"duplicate"}')
    expect(handler).toHaveBeenCalledTimes(1)
    expect(answered).not.toHaveBeenCalled()
  })

  it('dies once: other messages are handled', async () => {
    const { store, crashed } = crashAfterClaim(memoryIdempotency())
    const { receiver } = setUp({ store })
    receiver.on('run.completed', () => {})
    const options = { secret: SECRET, at: new Date(NOW) }
    void deliver(receiver, completed, options)
    await crashed
    const other = await deliver(receiver, { ...completed, id: 'other' }, options)
    expect(other.status).toBe(200)
  })

  it('leaves the rest of the store as it is', () => {
    const memory = memoryIdempotency()
    const { store } = crashAfterClaim(memory)
    expect(store.host).toBe(memory.host)
    expect(store.prune?.({ limit: 1 })).toBe(0)
  })
})
