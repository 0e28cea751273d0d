import { WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { retryLater } from '../handler'
import { completed, deferred, signed } from '../test-support'
import type { TestTx } from './test-hosts'
import { KEY, overSync } from './test-receivers'

describe('transactional mode, where transactions are synchronous', () => {
  it('runs what onCommit was given, in order, with the completion', async () => {
    const { receiver, db } = overSync()
    receiver.on('run.completed', async (_event, { onCommit }) => {
      onCommit((tx) => tx.write('one'))
      await Promise.resolve()
      onCommit((tx) => tx.write('two'))
    })
    receiver.onAny((_event, { onCommit }) => onCommit((tx) => tx.write('three')))
    expect((await receiver.receive(await signed())).status).toBe(200)
    expect(db.committed).toEqual(['one', 'two', 'three'])
    expect(db.open.most).toBe(1)
    expect((await receiver.receive(await signed())).body).toBe('{"code":"duplicate"}')
  })

  it('opens no transaction while the handler waits', async () => {
    const { receiver, db, clock } = overSync()
    const { promise, resolve } = deferred()
    receiver.on('run.completed', (_event, { onCommit }) => {
      onCommit((tx) => tx.write('late'))
      return promise
    })
    const result = receiver.receive(await signed())
    await clock.advance('10m')
    expect(db.open.most).toBe(0)
    resolve()
    expect((await result).status).toBe(200)
    expect(db.committed).toEqual(['late'])
  })

  it('completes a handler that gave nothing', async () => {
    const { receiver } = overSync()
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await signed())).status).toBe(200)
    expect((await receiver.receive(await signed())).body).toBe('{"code":"duplicate"}')
  })

  it('runs nothing when the handler throws, and releases', async () => {
    const { receiver, db, store } = overSync()
    receiver.on('run.completed', (_event, { onCommit }) => {
      onCommit((tx) => tx.write('never'))
      throw new Error('boom')
    })
    expect((await receiver.receive(await signed())).body).toBe('{"code":"handler_failed"}')
    expect(db.open.most).toBe(0)
    expect((await store.claim(KEY, 'other', 1)).state).toBe('acquired')
  })

  it('rolls all back when one function throws: the handler failed', async () => {
    const { receiver, db, store } = overSync()
    const error = retryLater('7s')
    receiver.on('run.completed', (_event, { onCommit }) => {
      onCommit((tx) => tx.write('never'))
      onCommit(() => {
        throw error
      })
    })
    const result = await receiver.receive(await signed())
    expect(result).toMatchObject({ body: '{"code":"handler_retry"}', outcome: { cause: error } })
    expect(db.committed).toEqual([])
    expect((await store.claim(KEY, 'other', 1)).state).toBe('acquired')
  })

  it('refuses a function that returns a promise, which would outlive the commit', async () => {
    const { receiver, db } = overSync()
    receiver.on('run.completed', (_event, { onCommit }) => {
      onCommit(async (tx) => {
        tx.write('never')
        throw new Error('nobody listens')
      })
    })
    const { body, outcome } = await receiver.receive(await signed())
    expect(body).toBe('{"code":"handler_failed"}')
    expect(outcome).toMatchObject({ cause: expect.any(TypeError) })
    expect(db.committed).toEqual([])
  })

  it('takes none once the handlers are done', async () => {
    const { receiver, db } = overSync()
    const contexts: { onCommit(work: (tx: TestTx) => void): void }[] = []
    receiver.on('run.completed', (_event, context) => void contexts.push(context))
    await receiver.receive(await signed())
    expect(() => contexts[0]?.onCommit((tx) => tx.write('late'))).toThrow(TypeError)
    expect(db.committed).toEqual([])
  })

  it('runs none of them when the claim was lost, and answers lease_lost', async () => {
    const { receiver, db, lose } = overSync()
    const work = vi.fn()
    receiver.on('run.completed', (_event, { onCommit }) => {
      onCommit(work)
      lose()
    })
    const result = await receiver.receive(await signed())
    expect([result.status, result.body]).toEqual([500, '{"code":"lease_lost"}'])
    expect(work).not.toHaveBeenCalled()
    expect(db.committed).toEqual([])
  })

  it('answers 503 when the transaction fails', async () => {
    const { receiver, db } = overSync()
    receiver.on('run.completed', () => {})
    db.failToBegin = new Error('full')
    expect((await receiver.receive(await signed())).status).toBe(503)
  })

  it('tries the transaction again while the database is busy, and not the handler', async () => {
    const { receiver, clock, db } = overSync()
    const handler = vi.fn((_event, { onCommit }) => onCommit((tx: TestTx) => tx.write('paid')))
    receiver.on('run.completed', handler)
    db.failToBegin = new WebhookError('store_busy', 'locked')
    const result = receiver.receive(await signed())
    await clock.advance('1s')
    Reflect.deleteProperty(db, 'failToBegin')
    await clock.advance('1s')
    expect((await result).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(1)
    expect(db.committed).toEqual(['paid'])
  })

  it('answers 503 when it stays busy, with the claim given back', async () => {
    const { receiver, clock, db, store } = overSync()
    receiver.on('run.completed', () => {})
    db.failToBegin = new WebhookError('store_busy', 'locked')
    const result = receiver.receive(await signed())
    await clock.advance('2s')
    expect((await result).body).toBe('{"code":"store_unavailable"}')
    expect((await store.claim(KEY, 'other', 1)).state).toBe('acquired')
  })

  it('commits for dispatch too, which rejects with what a function threw', async () => {
    const { receiver, db } = overSync()
    const error = new Error('boom')
    receiver.on('run.completed', (_event, { onCommit }) => onCommit((tx) => tx.write('polled')))
    await receiver.dispatch(completed)
    expect(db.committed).toEqual(['polled'])
    receiver.onAny((_event, { onCommit }) => {
      onCommit(() => {
        throw error
      })
    })
    await expect(receiver.dispatch(completed)).rejects.toBe(error)
    expect(db.committed).toEqual(['polled'])
  })
})
