import assert from 'node:assert/strict'
import type { DeadInboxTask } from '../../../ports/inbox-store'
import { LONG, SHORT } from '../../contract/bench'
import { DEAD, DONE, type InboxLaws, LEDGER, MAIL } from '../bench'

export const settleLaws = {
  'settle: done is never claimed again': async (bench) => {
    const message = await bench.kept()
    assert.equal(await bench.settle(await bench.claimOne(SHORT), DONE), true)
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claim(), [])
    assert.equal((await bench.task(message)).state, 'done')
  },

  'settle: a retry is due after its delay': async (bench) => {
    const message = await bench.kept()
    const retry = { to: 'retry', inMs: SHORT, code: 'handler_failed' } as const
    assert.equal(await bench.settle(await bench.claimOne(LONG), retry), true)
    await bench.pass(SHORT)
    const again = await bench.claimOne()
    assert.equal(again.attempt, 2)
    assert.equal((await bench.task(message)).code, 'handler_failed')
  },

  'settle: a retry is not due before': async (bench) => {
    const message = await bench.kept()
    const retry = { to: 'retry', inMs: LONG, code: 'handler_failed' } as const
    await bench.settle(await bench.claimOne(SHORT), retry)
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claim(), [])
    assert.equal((await bench.task(message)).state, 'pending')
  },

  'settle: dead is never claimed again, and says why': async (bench) => {
    const message = await bench.kept()
    const lost = { to: 'dead', reason: 'lost', code: 'lease_lost' } as const
    assert.equal(await bench.settle(await bench.claimOne(SHORT), lost), true)
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claim(), [])
    const task = await bench.task(message)
    assert.equal(task.state, 'dead')
    assert.deepEqual([task.reason, task.code, task.attempts], ['lost', 'lease_lost', 1])
  },

  'settle: the other tasks of the message stay as they are': async (bench) => {
    const message = await bench.kept([LEDGER, MAIL])
    const tasks = await bench.claim()
    const ledger = tasks.find(({ handler }) => handler === LEDGER)
    assert.ok(ledger)
    await bench.settle(ledger, DONE)
    assert.equal((await bench.task(message, LEDGER)).state, 'done')
    assert.equal((await bench.task(message, MAIL)).state, 'running')
  },

  'settle: a replaced token answers false, and changes nothing': async (bench) => {
    const message = await bench.kept()
    const lost = await bench.claimOne(SHORT)
    await bench.pass(SHORT)
    const held = await bench.claimOne()
    for (const settlement of [DONE, DEAD, { to: 'retry', inMs: 0, code: 'x' } as const]) {
      assert.equal(await bench.settle(lost, settlement), false)
    }
    assert.equal((await bench.task(message)).state, 'running')
    assert.equal(await bench.settle(held, DONE), true)
  },

  'settle: a second time answers false': async (bench) => {
    const message = await bench.kept()
    const task = await bench.claimOne()
    assert.equal(await bench.settle(task, DONE), true)
    assert.equal(await bench.settle(task, DEAD), false)
    assert.equal((await bench.task(message)).state, 'done')
  },

  'settle: a lease that ran out, its task claimed by nobody, still holds': async (bench) => {
    await bench.kept()
    const task = await bench.claimOne(SHORT)
    await bench.pass(SHORT)
    assert.equal(await bench.settle(task, DONE), true)
    assert.deepEqual(await bench.claim(), [])
  },

  'dead: pages the latest first, each once': async (bench) => {
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) {
      ids.unshift((await bench.buried()).key.id)
      await bench.pass(2)
    }
    const found: DeadInboxTask[] = []
    for (let pages = 0; pages < 3; pages += 1) {
      const after = found.at(-1)
      const request = { filter: {}, limit: 2, ...(after === undefined ? {} : { after }) }
      found.push(...(await bench.store.dead(request)))
    }
    assert.deepEqual(
      found.map(({ key }) => key.id),
      ids,
    )
  },

  'dead: pages of what died in one moment have each once': async (bench) => {
    for (let count = 0; count < 5; count += 1) await bench.buried()
    const first = await bench.dead({}, 3)
    const after = first.at(-1)
    assert.ok(after)
    const rest = await bench.store.dead({ filter: {}, after, limit: 3 })
    assert.deepEqual([...first, ...rest], await bench.dead({}, 5))
    assert.equal(first.length + rest.length, 5)
  },

  'dead: says of each what it is': async (bench) => {
    const { key } = await bench.buried({ type: 'order.lost' })
    const [{ endedAt, ...task } = { endedAt: 0 }] = await bench.dead()
    const known = { key, handler: LEDGER, type: 'order.lost', attempts: 1 }
    assert.deepEqual(task, { ...known, reason: 'exhausted', code: 'handler_failed' })
    assert.ok(endedAt > 0)
  },

  'dead: filters by each of its facts': async (bench) => {
    const first = await bench.buried({ type: 'order.lost' })
    await bench.pass(2)
    const second = await bench.buried({ key: { source: 'shop', id: 'x' } }, MAIL)
    const endedAt = (await bench.dead())[0]?.endedAt ?? 0
    for (const [filter, message] of [
      [{ key: first.key }, first],
      [{ source: 'shop' }, second],
      [{ type: 'order.lost' }, first],
      [{ handler: MAIL }, second],
      [{ since: endedAt }, second],
      [{ until: endedAt }, first],
    ] as const) {
      const found = await bench.dead(filter)
      assert.deepEqual(
        found.map(({ key }) => key),
        [message.key],
        JSON.stringify(filter),
      )
    }
  },

  'revive: has dead tasks that fit due at once, with no attempts counted': async (bench) => {
    const message = await bench.buried()
    const other = await bench.buried({ type: 'order.lost' })
    assert.equal(await bench.revive({ type: 'order.paid' }), 1)
    const { state, attempts } = await bench.task(message)
    assert.deepEqual([state, attempts], ['pending', 0])
    assert.equal((await bench.task(other)).state, 'dead')
    const task = await bench.claimOne()
    assert.deepEqual([task.key, task.attempt], [message.key, 1])
  },

  'revive: leaves what is not dead': async (bench) => {
    const message = await bench.kept()
    await bench.settle(await bench.claimOne(), DONE)
    assert.equal(await bench.revive({ key: message.key }), 0)
    assert.equal((await bench.task(message)).state, 'done')
  },

  'revive: at most its limit': async (bench) => {
    for (let count = 0; count < 3; count += 1) await bench.buried()
    assert.equal(await bench.revive({}, 2), 2)
    assert.equal(await bench.revive({}, 2), 1)
    assert.equal(await bench.revive({}, 2), 0)
  },
} satisfies InboxLaws
