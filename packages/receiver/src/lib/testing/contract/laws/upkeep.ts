import assert from 'node:assert/strict'
import type { ClaimRef, IdempotencyStore } from '../../../ports/idempotency-store'
import { type Bench, BODY, DAY, failsWith, LONG, SHORT } from '../bench'
import type { Laws } from '../law'

export const upkeepLaws = {
  'prune: drops records whose lifetime is over, and counts them': async (bench) => {
    for (let count = 0; count < 3; count += 1) {
      await bench.complete(await bench.acquire(bench.key()), SHORT)
    }
    await bench.pass(SHORT)
    assert.equal(await bench.prune(), 3)
    assert.equal(await bench.prune(), 0)
  },

  'prune: drops at most its limit, and comes to an end': async (bench) => {
    for (let count = 0; count < 3; count += 1) {
      await bench.complete(await bench.acquire(bench.key()), SHORT)
    }
    await bench.pass(SHORT)
    assert.equal(await bench.prune(2), 2)
    assert.equal(await bench.prune(2), 1)
    assert.equal(await bench.prune(2), 0)
  },

  'prune: never drops a remembered record': async (bench) => {
    const key = bench.key()
    await bench.complete(await bench.acquire(key, SHORT), LONG)
    await bench.pass(SHORT)
    assert.equal(await bench.prune(), 0)
    assert.equal(await bench.stateOf(key), 'done')
  },

  'prune: never drops a live claim': async (bench) => {
    const key = bench.key()
    await bench.acquire(key, LONG)
    await bench.pass(SHORT)
    assert.equal(await bench.prune(), 0)
    assert.equal(await bench.stateOf(key), 'in_flight')
  },

  'prune: leaves a claim whose lease just ran out to its handler': async (bench) => {
    const claim = await bench.acquireAndLose(bench.key())
    assert.equal(await bench.prune(), 0)
    assert.equal(await bench.complete(claim), true)
  },

  'prune: drops a claim whose lease ran out a day ago': async (bench) => {
    const claim = await bench.acquire(bench.key(), SHORT)
    await bench.pass(SHORT + DAY)
    assert.equal(await bench.prune(), 1)
    assert.equal(await bench.complete(claim), false)
  },

  'migrate: before it, every call fails with store_not_migrated': async (bench) => {
    const store = await bench.unmigrated()
    assert.ok(store.migrate, 'the store has no migrate: skip this law, with that as the reason')
    await everyCallFails(store, bench, 'store_not_migrated')
  },

  'migrate: may be repeated, and run concurrently': async (bench) => {
    const store = await bench.unmigrated()
    assert.ok(store.migrate, 'the store has no migrate: skip this law, with that as the reason')
    await Promise.all([store.migrate(), store.migrate()])
    const key = bench.key()
    assert.equal((await store.claim(key, BODY, LONG)).state, 'acquired')
    await store.migrate()
    assert.equal((await store.claim(key, BODY, LONG)).state, 'in_flight')
  },

  'close: afterwards every call fails with store_closed': async (bench) => {
    assert.ok(bench.store.close, 'the store has no close: skip this law, with that as the reason')
    await bench.store.close()
    await everyCallFails(bench.store, bench, 'store_closed')
  },

  'host: complete takes effect when the transaction commits': async (bench) => {
    const claim = await bench.acquire(bench.key())
    assert.equal(await completeInHost(bench, claim, 'commit'), true)
    assert.equal(await bench.stateOf(claim), 'done')
  },

  'host: a transaction rolled back leaves the claim': async (bench) => {
    const claim = await bench.acquire(bench.key())
    await assert.rejects(completeInHost(bench, claim, 'roll back'), rolledBack)
    assert.equal(await bench.stateOf(claim), 'in_flight')
    assert.equal(await bench.complete(claim), true)
  },

  'host: a replaced token answers false': async (bench) => {
    const key = bench.key()
    const lost = await bench.acquireAndLose(key)
    await bench.acquire(key)
    assert.equal(await completeInHost(bench, lost, 'commit'), false)
    assert.equal(await bench.stateOf(key), 'in_flight')
  },
} satisfies Laws

const rolledBack = new Error('rolled back by the law')

async function everyCallFails(store: IdempotencyStore, bench: Bench, code: string): Promise<void> {
  const claim = { ...bench.key(), token: '1' }
  await failsWith(code, () => store.claim(claim, BODY, LONG))
  await failsWith(code, () => store.renew(claim, LONG))
  await failsWith(code, () => store.complete(claim, LONG))
  await failsWith(code, () => store.release(claim))
  if (store.prune) await failsWith(code, () => store.prune?.({ limit: 1 }))
}

async function completeInHost(
  { store: { host } }: Bench,
  claim: ClaimRef,
  end: 'commit' | 'roll back',
): Promise<boolean> {
  const finish = (completed: boolean) => {
    if (end === 'roll back') throw rolledBack
    return completed
  }
  switch (host?.kind) {
    case 'sync':
      return host.transaction((tx) => finish(host.complete(claim, LONG, tx)))
    case 'async':
      return host.transaction(async (tx) => finish(await host.complete(claim, LONG, tx)))
    default:
      return assert.fail(
        'the store has no host transactions: skip this law, with that as the reason',
      )
  }
}
