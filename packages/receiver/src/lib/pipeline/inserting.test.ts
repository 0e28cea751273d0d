import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import type { InsertingStore, InsertResult } from '../ports/inserting-store'
import { createReceiver } from '../receiver'
import { completed, events, NOW, recordingLogger, SECRET, signed } from '../test-support'
import { fakeClock } from '../testing/fake-clock'

interface Tx {
  readonly rows: Set<string>
}

/** Rows of a toy database; `result` overrides what an insert answers. */
function setUp(result?: InsertResult) {
  const rows = new Set<string>()
  const insert = vi.fn(async ({ source, id }, _event, tx: Tx) => {
    const row = `${source}/${id}`
    if (result !== undefined) return result
    if (rows.has(row)) return 'done'
    tx.rows.add(row)
    return 'inserted'
  })
  const store: InsertingStore<Tx> = {
    kind: 'inserting',
    insert,
    async transaction(work) {
      const tx = { rows: new Set<string>() }
      const value = await work(tx)
      for (const row of tx.rows) rows.add(row)
      return value
    },
  }
  const { logger } = recordingLogger()
  const idempotency = { store, source: 'b3os' }
  const options = { events, secrets: SECRET, idempotency, clock: fakeClock(NOW), logger }
  return { receiver: createReceiver(options), rows, insert }
}

describe('a store that inserts in the transaction of the handler', () => {
  it('commits the row with what the handler wrote', async () => {
    const { receiver, rows, insert } = setUp()
    receiver.on('run.completed', (_event, { tx }) => {
      expectTypeOf(tx).toEqualTypeOf<Tx>()
      tx.rows.add('paid')
    })
    expect((await receiver.receive(await signed())).body).toBe('{"code":"handled"}')
    expect([...rows]).toEqual([`b3os/${completed.id}`, 'paid'])
    expect(insert.mock.calls[0]?.[1]).toEqual(completed)
  })

  it('answers 200 duplicate where the row is committed, and runs no handler', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    expect(await receiver.receive(await signed())).toMatchObject({
      status: 200,
      headers: { 'webhook-duplicate': 'true' },
      outcome: { kind: 'duplicate', messageId: completed.id, type: 'run.completed' },
    })
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('answers 409 with Retry-After where another transaction holds the row for long', async () => {
    const { receiver } = setUp('in_flight')
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const { status, headers } = await receiver.receive(await signed())
    expect([status, headers['retry-after']]).toEqual([409, '1'])
    expect(handler).not.toHaveBeenCalled()
  })

  it('leaves no row when the handler throws', async () => {
    const { receiver, rows } = setUp()
    receiver.on('run.completed', () => {
      throw new Error('boom')
    })
    expect((await receiver.receive(await signed())).body).toBe('{"code":"handler_failed"}')
    expect(rows.size).toBe(0)
  })

  it('leaves no row of an unknown type', async () => {
    const { receiver, rows } = setUp()
    receiver.onUnknown(() => {})
    expect((await receiver.receive(await signed())).status).toBe(204)
    expect(rows.size).toBe(0)
  })

  it('answers 503 when the store fails', async () => {
    const { receiver, insert } = setUp()
    receiver.on('run.completed', () => {})
    insert.mockRejectedValueOnce(new Error('gone'))
    expect((await receiver.receive(await signed())).status).toBe(503)
  })
})
