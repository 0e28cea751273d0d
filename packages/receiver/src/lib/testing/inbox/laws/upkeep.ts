import assert from 'node:assert/strict'
import type { ClaimedInboxTask, InboxStore } from '../../../ports/inbox-store'
import { failsWith, LONG, SHORT } from '../../contract/bench'
import { DEAD, DONE, type InboxBench, type InboxLaws, LEDGER, MAIL } from '../bench'

export const upkeepLaws = {
  'statistics: count what is not done': async (bench) => {
    await bench.buried()
    await bench.kept()
    await bench.claimOne()
    await bench.kept([LEDGER, MAIL])
    await bench.pass(SHORT)
    const { oldestDueMs, ...counts } = await bench.store.statistics()
    assert.deepEqual(counts, { pending: 2, running: 1, dead: 1 })
    assert.ok(oldestDueMs >= SHORT, String(oldestDueMs))
  },

  'statistics: a task that is not due yet is pending, and not late': async (bench) => {
    await bench.kept()
    await bench.settle(await bench.claimOne(), { to: 'retry', inMs: LONG, code: 'x' })
    const { pending, oldestDueMs } = await bench.store.statistics()
    assert.deepEqual([pending, oldestDueMs], [1, 0])
  },

  'prune: drops old messages whose tasks are done, with these, and counts them': async (bench) => {
    const message = await bench.kept([LEDGER, MAIL])
    for (const task of await bench.claim()) await bench.settle(task, DONE)
    await bench.accept(bench.message(), [])
    await bench.pass(SHORT)
    assert.equal(await bench.prune(SHORT), 2)
    assert.equal(await bench.prune(SHORT), 0)
    assert.equal(await bench.store.get(message.key), undefined)
    assert.equal(await bench.accept(message), 'accepted')
    assert.equal((await bench.tasks(message)).length, 1)
  },

  'prune: drops at most its limit, and comes to an end': async (bench) => {
    for (let count = 0; count < 3; count += 1) await bench.accept(bench.message(), [])
    await bench.pass(SHORT)
    assert.equal(await bench.prune(SHORT, { limit: 2 }), 2)
    assert.equal(await bench.prune(SHORT, { limit: 2 }), 1)
    assert.equal(await bench.prune(SHORT, { limit: 2 }), 0)
  },

  'prune: never drops a message with a task to do': async (bench) => {
    const waiting = await bench.kept([LEDGER, MAIL])
    const [ledger] = await bench.claim(1, LONG, [LEDGER])
    assert.ok(ledger)
    await bench.settle(ledger, DONE)
    await bench.pass(SHORT)
    assert.equal(await bench.prune(0, { dead: true }), 0)
    await bench.claimOne()
    assert.equal(await bench.prune(0, { dead: true }), 0)
    assert.equal(await bench.accept(waiting), 'duplicate')
  },

  'prune: drops a message with dead tasks only when told to': async (bench) => {
    await bench.buried()
    await bench.pass(SHORT)
    assert.equal(await bench.prune(SHORT), 0)
    assert.equal((await bench.dead()).length, 1)
    assert.equal(await bench.prune(SHORT, { dead: true }), 1)
    assert.deepEqual(await bench.dead(), [])
  },

  'prune: keeps what is younger': async (bench) => {
    const message = await bench.kept()
    await bench.settle(await bench.claimOne(), DONE)
    await bench.pass(SHORT)
    assert.equal(await bench.prune(LONG), 0)
    assert.equal(await bench.accept(message), 'duplicate')
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
    const message = bench.message()
    assert.equal(await store.accept(message, [LEDGER]), 'accepted')
    await store.migrate()
    assert.equal(await store.accept(message, [LEDGER]), 'duplicate')
  },

  'close: afterwards every call fails with store_closed': async (bench) => {
    assert.ok(bench.store.close, 'the store has no close: skip this law, with that as the reason')
    await bench.store.close()
    await bench.store.close()
    await everyCallFails(bench.store, bench, 'store_closed')
  },

  'host: complete takes effect when the transaction commits': async (bench) => {
    const message = await bench.kept()
    assert.equal(await completeInHost(bench, await bench.claimOne(), 'commit'), true)
    assert.equal((await bench.task(message)).state, 'done')
  },

  'host: a transaction rolled back leaves the task': async (bench) => {
    const message = await bench.kept()
    const task = await bench.claimOne()
    await assert.rejects(completeInHost(bench, task, 'roll back'), rolledBack)
    assert.equal((await bench.task(message)).state, 'running')
    assert.equal(await bench.settle(task, DEAD), true)
  },

  'host: a replaced token answers false': async (bench) => {
    const message = await bench.kept()
    const lost = await bench.claimOne(SHORT)
    await bench.pass(SHORT)
    await bench.claimOne()
    assert.equal(await completeInHost(bench, lost, 'commit'), false)
    assert.equal((await bench.task(message)).state, 'running')
  },
} satisfies InboxLaws

const rolledBack = new Error('rolled back by the law')

async function everyCallFails(store: InboxStore, bench: InboxBench, code: string): Promise<void> {
  const message = bench.message()
  const task = { key: message.key, handler: LEDGER, token: '1' }
  const calls: readonly (() => unknown)[] = [
    () => store.accept(message, [LEDGER]),
    () => store.claim({ handlers: [LEDGER], limit: 1, leaseMs: LONG }),
    () => store.renew(task, LONG),
    () => store.settle(task, DONE),
    () => store.release(task),
    () => store.get(message.key),
    () => store.dead({ filter: {}, limit: 1 }),
    () => store.revive({}, 1),
    () => store.statistics(),
    () => store.prune({ olderThanMs: 0, limit: 1, dead: false }),
  ]
  for (const call of calls) await failsWith(code, call)
}

async function completeInHost(
  { store: { host } }: InboxBench,
  task: ClaimedInboxTask,
  end: 'commit' | 'roll back',
): Promise<boolean> {
  const finish = (completed: boolean) => {
    if (end === 'roll back') throw rolledBack
    return completed
  }
  switch (host?.kind) {
    case 'sync':
      return host.transaction((tx) => finish(host.complete(task, tx)))
    case 'async':
      return host.transaction(async (tx) => finish(await host.complete(task, tx)))
    default:
      return assert.fail(
        'the store has no host transactions: skip this law, with that as the reason',
      )
  }
}
