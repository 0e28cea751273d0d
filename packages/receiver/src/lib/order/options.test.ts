import { describe, expect, expectTypeOf, it } from 'vitest'
import { asyncStore, orderOf } from '../pipeline/test-hosts'
import { createReceiver } from '../receiver'
import { memoryIdempotency } from '../stores/memory'
import { memoryOrder } from '../stores/memory-order'
import { events, SECRET } from '../test-support'

const source = 'billing'

describe('the option order', () => {
  const store = memoryOrder()
  const make = (order: unknown, idempotency: unknown = 'none') =>
    Reflect.apply(createReceiver, undefined, [{ secrets: SECRET, idempotency, order }])
  const forgetful = { store: { isNewer: () => true, advance: () => true } }
  const key = () => 'k'
  const version = () => 1

  it.each([
    ['an object', 'yes'],
    ['a store', { key, version }],
    ['an order store', { store: memoryIdempotency(), key, version }],
    ['a key', { store, version }],
    ['a version', { store, key, version: 1 }],
    ['a source', { store, key, version, source: '' }],
    ['a duration', { store, key, version, retention: '0s' }],
    ['a store that does not forget by itself', { ...forgetful, key, version, retention: '1d' }],
  ])('needs %s', (_what, order) => {
    expect(() => make(order)).toThrow(/^createReceiver: order/)
  })

  it('needs transactions of the same kind in transactional mode', () => {
    const transactional = { store: asyncStore().store, source, transactional: true }
    for (const other of [store, orderOf('sync')]) {
      expect(() => make({ store: other, key, version }, transactional)).toThrow(/same database/)
    }
    expect(() => make({ store: orderOf('async'), key, version }, transactional)).not.toThrow()
  })

  it('is typed by the catalogue', () => {
    createReceiver({
      events,
      secrets: SECRET,
      idempotency: 'none',
      order: {
        store,
        key: (event) => {
          expectTypeOf(event.type).toEqualTypeOf<'run.completed' | 'run.failed'>()
          return event.data.runId
        },
        version: ({ timestamp }) => timestamp,
      },
    })
  })
})
