import assert from 'node:assert/strict'
import type { ClaimedInboxTask } from '../../../ports/inbox-store'
import { LONG, SHORT } from '../../contract/bench'
import { DONE, type InboxLaws, LEDGER, MAIL } from '../bench'

export const claimLaws = {
  'claim: gives each task to one caller': async (bench) => {
    for (let count = 0; count < 12; count += 1) await bench.kept([LEDGER, MAIL])
    const handles = [bench.store, await bench.handle()]
    const handlers = [LEDGER, MAIL]
    const batches = await Promise.all(
      Array.from({ length: 8 }, async (_, index) =>
        handles[index % 2]?.claim({ handlers, limit: 3, leaseMs: LONG }),
      ),
    )
    const claimed = [...batches.flatMap((batch) => batch ?? []), ...(await bench.claim())]
    assert.equal(claimed.length, 24)
    assert.equal(new Set(claimed.map(({ key, handler }) => `${key.id} ${handler}`)).size, 24)
  },

  'claim: at most its limit, those that have been due longest': async (bench) => {
    const ids: string[] = []
    for (let count = 0; count < 3; count += 1) {
      ids.push((await bench.kept()).key.id)
      await bench.pass(2)
    }
    assert.deepEqual(idsOf(await bench.claim(2)).sort(), ids.slice(0, 2))
    assert.deepEqual(idsOf(await bench.claim(2)), ids.slice(2))
  },

  'claim: only tasks of the handlers named': async (bench) => {
    await bench.kept([LEDGER, MAIL])
    const claimed = await bench.claim(10, LONG, [MAIL, 'other@order.paid'])
    assert.deepEqual(
      claimed.map(({ handler }) => handler),
      [MAIL],
    )
    assert.equal((await bench.claim(10, LONG, [])).length, 0)
  },

  'claim: counts attempts': async (bench) => {
    const message = await bench.kept()
    assert.equal((await bench.claimOne(SHORT)).attempt, 1)
    await bench.pass(SHORT)
    assert.equal((await bench.claimOne()).attempt, 2)
    assert.equal((await bench.task(message)).attempts, 2)
  },

  'claim: not while the lease lasts': async (bench) => {
    const message = await bench.kept()
    await bench.claimOne(LONG)
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claim(), [])
    assert.equal((await bench.task(message)).state, 'running')
  },

  'claim: again once the lease has run out, with another token': async (bench) => {
    const message = await bench.kept()
    const first = await bench.claimOne(SHORT)
    await bench.pass(SHORT)
    assert.equal((await bench.task(message)).state, 'pending')
    const second = await bench.claimOne()
    assert.notEqual(second.token, first.token)
  },

  'renew: the new lease replaces what was left': async (bench) => {
    await bench.kept()
    const task = await bench.claimOne(SHORT)
    assert.equal(await bench.store.renew(task, LONG), true)
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claim(), [])
    assert.equal(await bench.store.renew(task, SHORT), true)
    await bench.pass(SHORT)
    assert.equal((await bench.claim()).length, 1)
  },

  'renew: a replaced token answers false, and changes nothing': async (bench) => {
    await bench.kept()
    const lost = await bench.claimOne(SHORT)
    await bench.pass(SHORT)
    await bench.claimOne(LONG)
    assert.equal(await bench.store.renew(lost, 1), false)
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claim(), [])
  },

  'renew: a settled task answers false, and stays as it is': async (bench) => {
    const message = await bench.kept()
    const task = await bench.claimOne()
    await bench.settle(task, DONE)
    assert.equal(await bench.store.renew(task, 1), false)
    assert.equal((await bench.task(message)).state, 'done')
  },

  'release: is due at once, and the attempt does not count': async (bench) => {
    const message = await bench.kept()
    const task = await bench.claimOne()
    assert.equal(await bench.store.release(task), true)
    const { state, attempts } = await bench.task(message)
    assert.deepEqual([state, attempts], ['pending', 0])
    const again = await bench.claimOne()
    assert.equal(again.attempt, 1)
    assert.notEqual(again.token, task.token)
  },

  'release: a replaced token answers false, and changes nothing': async (bench) => {
    await bench.kept()
    const lost = await bench.claimOne(SHORT)
    await bench.pass(SHORT)
    await bench.claimOne()
    assert.equal(await bench.store.release(lost), false)
    assert.deepEqual(await bench.claim(), [])
  },
} satisfies InboxLaws

const idsOf = (tasks: readonly ClaimedInboxTask[]): string[] => tasks.map(({ key }) => key.id)
