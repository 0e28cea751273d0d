import assert from 'node:assert/strict'
import { acquired, type Bench, BODY, LONG, OTHER_BODY, SHORT } from '../bench'
import type { Laws } from '../law'

const CALLERS = 20

export const claimLaws = {
  'claim: a free key is acquired': async (bench) => {
    const { token } = await bench.acquire(bench.key())
    assert.equal(typeof token, 'string')
    assert.notEqual(token, '')
  },

  'claim: a claimed key answers in_flight, with what is left of the lease': async (bench) => {
    const key = bench.key()
    await bench.acquire(key, LONG)
    await bench.pass(SHORT)
    const result = await bench.claim(key)
    assert.equal(result.state, 'in_flight')
    assert.ok(result.retryInMs <= LONG - SHORT, `${result.retryInMs} ms is too long`)
    assert.ok(result.retryInMs > LONG / 2, `${result.retryInMs} ms is too short`)
    if (bench.exact) assert.equal(result.retryInMs, LONG - SHORT)
  },

  'claim: a done key answers done': async (bench) => {
    const key = bench.key()
    await bench.complete(await bench.acquire(key))
    assert.deepEqual(await bench.claim(key), { state: 'done' })
  },

  'claim: a claimed key answers mismatch to another fingerprint': async (bench) => {
    const key = bench.key()
    await bench.acquire(key)
    assert.deepEqual(await bench.claim(key, LONG, OTHER_BODY), { state: 'mismatch' })
  },

  'claim: a done key answers mismatch to another fingerprint': async (bench) => {
    const key = bench.key()
    await bench.complete(await bench.acquire(key))
    assert.deepEqual(await bench.claim(key, LONG, OTHER_BODY), { state: 'mismatch' })
  },

  'claim: a mismatch changes nothing': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquire(key)
    await bench.claim(key, LONG, OTHER_BODY)
    assert.equal(await bench.stateOf(key), 'in_flight')
    assert.equal(await bench.complete(claim), true)
    await bench.claim(key, LONG, OTHER_BODY)
    assert.equal(await bench.stateOf(key), 'done')
  },

  'claim: of many callers at once, one acquires': async (bench) => {
    const key = bench.key()
    const results = await Promise.all(Array.from({ length: CALLERS }, () => bench.claim(key)))
    const states = results.map((result) => result.state).sort()
    const others = Array.from({ length: CALLERS - 1 }, () => 'in_flight')
    assert.deepEqual(states, ['acquired', ...others])
  },

  'claim: of many callers through two handles, one acquires': async (bench) => {
    const stores = [bench.store, await bench.handle()]
    for (let round = 0; round < CALLERS; round += 1) {
      const key = bench.key()
      const results = await Promise.all(stores.map(async (store) => store.claim(key, BODY, LONG)))
      assert.deepEqual(results.map(({ state }) => state).sort(), ['acquired', 'in_flight'])
    }
  },

  'claim: what one handle did, another sees at once': async (bench) => {
    const other = await bench.handle()
    const key = bench.key()
    const claim = await bench.acquire(key)
    assert.equal((await other.claim(key, BODY, LONG)).state, 'in_flight')
    assert.equal(await other.complete(claim, LONG), true)
    assert.equal(await bench.stateOf(key), 'done')
  },

  'claim: a lease holds for its whole length': async (bench) => {
    const key = bench.key()
    await bench.acquire(key, bench.exact ? SHORT : LONG)
    await bench.pass(SHORT - 1)
    assert.equal(await bench.stateOf(key), 'in_flight')
  },

  'claim: a lease that ran out frees its key': async (bench) => {
    const key = bench.key()
    await bench.acquireAndLose(key)
    assert.equal(await bench.stateOf(key), 'acquired')
  },

  'claim: a lease that ran out frees its key for another fingerprint': async (bench) => {
    const key = bench.key()
    await bench.acquireAndLose(key)
    assert.equal(await bench.stateOf(key, OTHER_BODY), 'acquired')
    assert.equal(await bench.stateOf(key, BODY), 'mismatch')
  },

  'claim: asking in vain does not prolong the lease': async (bench) => {
    const { key, leaseMs } = await askInVain(bench)
    await bench.pass(leaseMs)
    assert.equal(await bench.stateOf(key), 'acquired')
  },

  'claim: every acquisition has a token of its own': async (bench) => {
    const key = bench.key()
    const tokens = new Set<string>()
    for (const end of ['release', 'lose', 'release'] as const) {
      const claim = end === 'lose' ? await bench.acquireAndLose(key) : await bench.acquire(key)
      tokens.add(claim.token)
      if (end === 'release') await bench.release(claim)
    }
    tokens.add((await bench.acquire(bench.key())).token)
    const other = await bench.handle()
    const elsewhere = bench.key()
    tokens.add(acquired(elsewhere, await other.claim(elsewhere, BODY, LONG)).token)
    assert.equal(tokens.size, 5)
  },

  'claim: sources do not see each other': async (bench) => {
    const key = bench.key()
    const { token } = await bench.acquire(key)
    const elsewhere = { ...key, source: 'shipping' }
    assert.equal(await bench.release({ ...elsewhere, token }), false)
    assert.equal(await bench.stateOf(elsewhere), 'acquired')
    assert.equal(await bench.stateOf(key), 'in_flight')
  },

  'claim: no spelling of a key is special': async (bench) => {
    for (const [source, id] of spellings) {
      const key = { source, id }
      await bench.complete(await bench.acquire(key))
      assert.equal(await bench.stateOf(key), 'done')
    }
    for (const [source, id] of spellings) assert.equal(await bench.stateOf({ source, id }), 'done')
  },
} satisfies Laws

const spellings = [
  ['a', 'b:c'],
  ['a:b', 'c'],
  ['a', 'b/c'],
  ['a/b', 'c'],
  ['a', 'bc'],
  ['ab', 'c'],
  ['1', '1:1'],
  ['1:1', '1'],
  ['a', '__proto__'],
  ['__proto__', 'a'],
  ['constructor', 'toString'],
  ['a', 'B'],
  ['A', 'B'],
  ['a', 'b'],
  ['a', 'b '],
  ['a', ' b'],
  ['a', "' or 1=1 --"],
  ['a', '%'],
  ['a', '*'],
  ['a', '{x}'],
  ['a', '🎈'],
  ['a', 'Grüße'],
  ['a', 'Gru\u0308ße'],
  ['a', 'x'.repeat(1_000)],
  ['a', `${'x'.repeat(999)}y`],
] as const

/** On a busy machine a short lease may run out before it is asked for: then once more, with a longer one. */
async function askInVain(bench: Bench) {
  for (let leaseMs = SHORT; leaseMs < LONG; leaseMs *= 2) {
    const key = bench.key()
    await bench.acquire(key, leaseMs)
    const same = await bench.claim(key, LONG)
    const other = await bench.claim(key, LONG, OTHER_BODY)
    if (same.state !== 'acquired' && other.state !== 'acquired') return { key, leaseMs }
  }
  return assert.fail('every lease ran out before it was asked for')
}
