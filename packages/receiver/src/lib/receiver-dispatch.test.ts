import { describe, expect, it, vi } from 'vitest'
import { completed, failed, setUp } from './test-support'

describe('dispatch', () => {
  it('runs the same handlers, unverified and not deduplicated', async () => {
    const { receiver, store } = setUp()
    const claim = vi.spyOn(store, 'claim')
    const ran: unknown[] = []
    receiver.on('run.completed', (event) => ran.push(event)).onAny(() => ran.push('any'))
    expect(await receiver.dispatch(completed)).toEqual({ handled: true })
    expect(await receiver.dispatch(completed)).toEqual({ handled: true })
    expect(ran).toEqual([completed, 'any', completed, 'any'])
    expect(claim).not.toHaveBeenCalled()
  })

  it('checks and upcasts the data', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.failed', handler)
    const { version: _, ...bare } = { ...failed, data: { runId: 'r3' } }
    await receiver.dispatch(bare)
    expect(handler.mock.calls[0]?.[0].data).toEqual({ runId: 'r3', attempts: 1 })
    await expect(receiver.dispatch({ ...bare, version: 2 })).rejects.toMatchObject({
      code: 'invalid_data',
      details: { issues: [expect.objectContaining({ path: 'data.attempts' })] },
    })
    await expect(receiver.dispatch({ ...failed, version: 9 })).rejects.toMatchObject({
      code: 'unsupported_version',
    })
  })

  it('refuses what is no event', async () => {
    const { receiver } = setUp()
    await expect(receiver.dispatch({ ...completed, id: 'not.an.id' })).rejects.toMatchObject({
      code: 'invalid_envelope',
      details: { issues: [expect.objectContaining({ path: 'id' })] },
    })
  })

  it('answers whether a handler took it, and lets onUnknown see what none takes', async () => {
    const { receiver } = setUp()
    expect(await receiver.dispatch(completed)).toEqual({ handled: false })
    const seen = vi.fn()
    receiver.onUnknown(seen)
    expect(await receiver.dispatch(completed)).toEqual({ handled: false })
    expect(seen).toHaveBeenCalledWith(completed, expect.anything())
  })

  it('rejects with what the handler threw', async () => {
    const { receiver } = setUp()
    const error = new Error('boom')
    receiver.on('run.completed', async () => {
      throw error
    })
    await expect(receiver.dispatch(completed)).rejects.toBe(error)
  })

  it('gives a context without a request', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.dispatch(completed)
    const context = handler.mock.calls[0]?.[1]
    expect(context).toMatchObject({ messageId: completed.id, params: {} })
    expect(context).not.toHaveProperty('secretIndex')
    expect(context.signal.aborted).toBe(false)
    expect(context.signal).toBe(context.signal)
    expect(context.headers.get('webhook-id')).toBeUndefined()
  })
})
