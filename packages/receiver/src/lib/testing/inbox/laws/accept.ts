import assert from 'node:assert/strict'
import { LONG } from '../../contract/bench'
import { type InboxLaws, LEDGER, MAIL } from '../bench'

const spellings = [
  ...['__proto__', 'constructor', 'A', 'a', ' a', 'a ', "a'", 'a"', 'a\\', 'a%', 'a_', 'a:b'],
  ...['\u00e9', 'e\u0301', '\u{1f4ef}', 'x'.repeat(1_000), `${'x'.repeat(999)}y`],
]

export const acceptLaws = {
  'accept: keeps a message, with a task for each handler, due at once': async (bench) => {
    const message = await bench.kept([LEDGER, MAIL])
    const tasks = await bench.tasks(message)
    assert.deepEqual(
      tasks.map(({ handler, state, attempts }) => [handler, state, attempts]),
      [
        [LEDGER, 'pending', 0],
        [MAIL, 'pending', 0],
      ],
    )
    assert.equal((await bench.claim()).length, 2)
  },

  'accept: bytes and facts come back as they were': async (bench) => {
    const facts = {
      eventId: 'evt_"\u{1f4ef}\\',
      timestamp: '2026-01-01T00:00:00.000+01:00',
      signedAt: 1_767_225_600,
      secretIndex: 2,
      secretId: 'k',
      headers: { 'x-region': 'eu' },
      params: { __tenant: 'acme', "o'brien": '1' },
    }
    const body = Uint8Array.from({ length: 300 }, (_, index) => index % 256)
    const message = bench.message({}, { facts, body, type: 'order.paid' })
    await bench.accept(message)
    const task = await bench.claimOne()
    const record = await bench.store.get(message.key)
    for (const found of [task.message, record]) {
      assert.ok(found)
      assert.deepEqual(found.key, message.key)
      assert.deepEqual(found.facts, facts)
      assert.deepEqual([...found.body], [...body])
      assert.deepEqual([found.type, found.fingerprint], [message.type, message.fingerprint])
    }
  },

  'accept: the same bytes again are a duplicate, and change nothing': async (bench) => {
    const message = await bench.kept()
    await bench.settle(await bench.claimOne(), { to: 'done' })
    assert.equal(await bench.accept(message, [LEDGER, MAIL]), 'duplicate')
    assert.deepEqual(
      (await bench.tasks(message)).map(({ handler, state }) => [handler, state]),
      [[LEDGER, 'done']],
    )
  },

  'accept: other bytes under a key are a mismatch, and change nothing': async (bench) => {
    const message = await bench.kept()
    const other = { ...message, fingerprint: 'b'.repeat(64), body: new Uint8Array([1]) }
    assert.equal(await bench.accept(other), 'mismatch')
    assert.equal(await bench.accept(message), 'duplicate')
    assert.deepEqual((await bench.store.get(message.key))?.body, message.body)
  },

  'accept: of callers at once, one is told accepted': async (bench) => {
    const message = bench.message()
    const handles = [bench.store, await bench.handle()]
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        handles[index % 2]?.accept(message, [LEDGER, MAIL]),
      ),
    )
    assert.equal(answers.filter((answer) => answer === 'accepted').length, 1)
    assert.equal(answers.filter((answer) => answer === 'duplicate').length, 9)
    assert.equal((await bench.tasks(message)).length, 2)
  },

  'accept: no spelling of a key is special, and sources do not see each other': async (bench) => {
    for (const source of spellings.slice(0, 4)) {
      for (const id of spellings) {
        assert.equal(
          await bench.accept(bench.message({ source, id })),
          'accepted',
          `${source} ${id}`,
        )
      }
    }
    for (const key of [
      { source: 'a', id: 'b:c' },
      { source: 'a:b', id: 'c' },
    ]) {
      assert.equal(await bench.accept(bench.message(key)), 'accepted')
    }
  },

  'accept: a message without handlers is kept': async (bench) => {
    const message = bench.message()
    assert.equal(await bench.accept(message, []), 'accepted')
    assert.deepEqual(await bench.tasks(message), [])
    assert.equal(await bench.accept(message, [LEDGER]), 'duplicate')
    assert.equal((await bench.claim(10, LONG)).length, 0)
  },

  'get: answers undefined for what is not kept': async (bench) => {
    await bench.kept()
    assert.equal(await bench.store.get({ source: 'billing', id: 'other' }), undefined)
  },
} satisfies InboxLaws
