import { describe, expect, it, vi } from 'vitest'
import { createReceiver } from './receiver'
import { completed, failed, NOW, recordingLogger, SECRET, setUp, signed } from './test-support'

describe('receive: who handles what', () => {
  it('runs onAny after the type own handler, and for types without one', async () => {
    const { receiver } = setUp()
    const ran: string[] = []
    receiver
      .onAny((event) => ran.push(`any ${event.type}`))
      .on('run.completed', async () => {
        await Promise.resolve()
        ran.push('own')
      })
    await receiver.receive(await signed())
    const second = await receiver.receive(await signed(failed))
    expect(second.outcome.kind).toBe('handled')
    expect(ran).toEqual(['own', 'any run.completed', 'any run.failed'])
  })

  it('does not run onAny when the own handler failed', async () => {
    const { receiver } = setUp()
    const any = vi.fn()
    receiver.onAny(any).on('run.completed', () => Promise.reject(new Error('no')))
    expect((await receiver.receive(await signed())).status).toBe(500)
    expect(any).not.toHaveBeenCalled()
  })

  it('acknowledges an unknown type with 204 and no body', async () => {
    const { receiver, store } = setUp()
    const claim = vi.spyOn(store, 'claim')
    const event = { ...completed, type: 'run.vanished' }
    const result = await receiver.receive(await signed(event))
    expect(result).toEqual({
      status: 204,
      headers: {},
      body: '',
      outcome: { kind: 'unknown_type', messageId: completed.id, event },
    })
    expect(claim).not.toHaveBeenCalled()
  })

  it('acknowledges a type of the catalogue that nobody handles', async () => {
    const { receiver } = setUp()
    expect((await receiver.receive(await signed())).outcome.kind).toBe('unknown_type')
  })

  it('does not check the data that nobody handles', async () => {
    const { receiver } = setUp()
    const unknown = vi.fn()
    receiver.onUnknown(unknown)
    const event = { ...completed, data: 'wrong' }
    expect((await receiver.receive(await signed(event))).status).toBe(204)
    expect(unknown.mock.calls[0]?.[0]).toEqual(event)
  })

  it('shows onUnknown a type outside of the catalogue, and onAny does not see it', async () => {
    const { receiver } = setUp()
    const unknown = vi.fn()
    const any = vi.fn()
    receiver.onUnknown(unknown).onAny(any)
    const result = await receiver.receive(await signed({ ...completed, type: 'run.vanished' }))
    expect(result.status).toBe(204)
    expect(unknown).toHaveBeenCalledTimes(1)
    expect(any).not.toHaveBeenCalled()
  })

  it('does not remember an unknown event, so that a later replay runs', async () => {
    const { receiver } = setUp()
    receiver.onUnknown(() => {})
    expect((await receiver.receive(await signed())).status).toBe(204)
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    expect((await receiver.receive(await signed())).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('has the sender try again when onUnknown throws', async () => {
    const { receiver } = setUp()
    receiver.onUnknown(async () => {
      throw new Error('surprise')
    })
    const result = await receiver.receive(await signed())
    expect(result).toMatchObject({ status: 500, body: '{"code":"handler_failed"}' })
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'treats %s as a type like any other',
    async (type) => {
      const { receiver } = setUp()
      const event = { ...completed, type }
      expect((await receiver.receive(await signed(event))).status).toBe(204)
      const { logger } = recordingLogger()
      const clock = { now: () => NOW, sleep: async () => {} }
      const free = createReceiver({ secrets: SECRET, idempotency: 'none', clock, logger })
      expect((await free.receive(await signed(event))).status).toBe(204)
      const handler = vi.fn()
      free.on(type, handler)
      expect((await free.receive(await signed(event))).status).toBe(200)
      expect(handler).toHaveBeenCalledTimes(1)
    },
  )

  it('treats error and any as types like any other', async () => {
    const { logger } = recordingLogger()
    const clock = { now: () => NOW, sleep: async () => {} }
    const receiver = createReceiver({ secrets: SECRET, idempotency: 'none', clock, logger })
    receiver.on('error', () => {})
    expect((await receiver.receive(await signed({ ...completed, type: 'error' }))).status).toBe(200)
    expect((await receiver.receive(await signed({ ...completed, type: 'any' }))).status).toBe(204)
  })
})
