import assert from 'node:assert/strict'
import type { OrderStore } from '../../../ports/order-store'
import { failsWith } from '../../contract/bench'
import { LONG, type OrderBench, SHORT } from '../bench'
import { advanceIn } from '../host'

const rolledBack = new Error('rolled back by the law')

export const upkeepLaws = {
  'prune: drops keys that were not raised for so long, and counts them': async (
    bench: OrderBench,
  ) => {
    const keys = [bench.key(), bench.key(), bench.key()]
    for (const key of keys) await bench.advance(key, '5')
    await bench.parts.pass(SHORT)
    assert.equal(await bench.prune(SHORT), 3)
    assert.equal(await bench.prune(SHORT), 0)
    for (const key of keys) assert.equal(await bench.advance(key, '1'), true)
  },

  'prune: drops at most its limit, and comes to an end': async (bench: OrderBench) => {
    for (let count = 0; count < 3; count += 1) await bench.advance(bench.key(), '5')
    await bench.parts.pass(SHORT)
    const dropped = [
      await bench.prune(SHORT, 2),
      await bench.prune(SHORT, 2),
      await bench.prune(SHORT, 2),
    ]
    assert.deepEqual(dropped, [2, 1, 0])
  },

  'prune: keeps what was raised since': async (bench: OrderBench) => {
    const [key, other] = [bench.key(), bench.key()]
    for (const each of [key, other]) await bench.advance(each, '5')
    await bench.parts.pass(LONG_ENOUGH)
    await bench.advance(key, '6')
    await bench.advance(other, '4')
    assert.equal(await bench.prune(LONG_ENOUGH), 1)
    await bench.has(key, '6')
    assert.equal(await bench.prune(LONG), 0)
  },

  'migrate: before it, every call fails with store_not_migrated': async (bench: OrderBench) => {
    const store = await bench.parts.unmigrated()
    assert.ok(store.migrate, 'the store has no migrate: skip this law, with that as the reason')
    await everyCallFails(store, bench, 'store_not_migrated')
  },

  'migrate: may be repeated, and run concurrently': async (bench: OrderBench) => {
    const store = await bench.parts.unmigrated()
    assert.ok(store.migrate, 'the store has no migrate: skip this law, with that as the reason')
    await Promise.all([store.migrate(), store.migrate()])
    const key = bench.key()
    await store.advance(key, '5')
    await store.migrate()
    await bench.has(key, '5', store)
  },

  'close: afterwards every call fails with store_closed': async (bench: OrderBench) => {
    assert.ok(bench.store.close, 'the store has no close: skip this law, with that as the reason')
    await bench.store.close()
    await everyCallFails(bench.store, bench, 'store_closed')
  },

  'host: advance takes effect when the transaction commits': async (bench: OrderBench) => {
    const key = bench.key()
    const advance = (version: string) =>
      advanceIn(bench.parts.host, { store: bench.store, key, version })
    assert.equal(await advance('5'), true)
    await bench.has(key, '5')
    assert.equal(await advance('5'), false)
    assert.equal(await advance('4'), false)
    await bench.has(key, '5')
  },

  'host: a transaction rolled back leaves the key': async (bench: OrderBench) => {
    const key = bench.key()
    await bench.advance(key, '5')
    const raise = { store: bench.store, key, version: '6' }
    const raising = advanceIn(bench.parts.host, raise, () => {
      throw rolledBack
    })
    await assert.rejects(raising, rolledBack)
    await bench.has(key, '5')
  },

  'host: an older version waits for the newer one, and is refused': async (bench: OrderBench) => {
    assert.deepEqual(await twoAtOnce(bench, '6', '5'), [true, false])
  },

  'host: a newer version waits for the older one, and stays': async (bench: OrderBench) => {
    assert.deepEqual(await twoAtOnce(bench, '5', '6'), [true, true])
  },
}

const LONG_ENOUGH = 10 * SHORT

/** The second begins while the first, uncommitted, has the key; its answer must not come before the first's end. */
async function twoAtOnce(
  bench: OrderBench,
  one: string,
  other: string,
): Promise<readonly boolean[]> {
  const { store, parts } = bench
  const key = bench.key()
  const second = { store: await parts.handle(), key, version: other }
  let ended = false
  let waiting: Promise<boolean> = Promise.resolve(false)
  const first = await advanceIn(parts.host, { store, key, version: one }, async () => {
    waiting = advanceIn(parts.host, second, () => {
      assert.ok(ended, 'the second was answered while the first still held the key')
    })
    // Judged below: an early failure must not go unhandled.
    waiting.catch(() => {})
    await parts.pass(SHORT)
    ended = true
  })
  const answers = [first, await waiting]
  await bench.has(key, '6')
  return answers
}

async function everyCallFails(store: OrderStore, bench: OrderBench, code: string): Promise<void> {
  const key = bench.key()
  await failsWith(code, () => store.isNewer(key, '1'))
  await failsWith(code, () => store.advance(key, '1'))
  if (store.prune) await failsWith(code, () => store.prune?.({ limit: 1, unchangedForMs: LONG }))
}
