import assert from 'node:assert/strict'
import { DAY, LONG, OTHER_BODY, SHORT } from '../bench'
import type { Laws } from '../law'

export const holdLaws = {
  'renew: the new lease replaces what was left': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquire(key, bench.exact ? SHORT : LONG)
    assert.equal(await bench.renew(claim, LONG), true)
    await bench.pass(SHORT)
    assert.equal(await bench.stateOf(key), 'in_flight')
  },

  'renew: a shorter lease replaces a longer one': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquire(key, LONG)
    assert.equal(await bench.renew(claim, SHORT), true)
    await bench.pass(SHORT)
    assert.equal(await bench.stateOf(key), 'acquired')
  },

  'renew: counts from now': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquire(key, LONG)
    await bench.pass(SHORT)
    await bench.renew(claim, LONG)
    const result = await bench.claim(key)
    assert.equal(result.state, 'in_flight')
    assert.ok(result.retryInMs <= LONG, 'the lease grew')
    if (bench.exact) assert.equal(result.retryInMs, LONG)
  },

  'renew: a lease that ran out, its key taken by nobody, holds again': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquireAndLose(key)
    assert.equal(await bench.renew(claim, LONG), true)
    assert.equal(await bench.stateOf(key), 'in_flight')
  },

  'renew: keeps the fingerprint': async (bench) => {
    const key = bench.key()
    await bench.renew(await bench.acquire(key), LONG)
    assert.equal(await bench.stateOf(key, OTHER_BODY), 'mismatch')
  },

  'renew: a replaced token answers false, and changes nothing': async (bench) => {
    const key = bench.key()
    const lost = await bench.acquireAndLose(key)
    await bench.acquire(key, SHORT)
    assert.equal(await bench.renew(lost, LONG), false)
    await bench.pass(SHORT)
    assert.equal(await bench.stateOf(key), 'acquired')
  },

  'renew: a released or completed claim answers false, and changes nothing': async (bench) => {
    const released = await bench.acquire(bench.key())
    await bench.release(released)
    assert.equal(await bench.renew(released), false)
    assert.equal(await bench.stateOf(released), 'acquired')
    const completed = await bench.acquire(bench.key())
    await bench.complete(completed)
    assert.equal(await bench.renew(completed), false)
    assert.equal(await bench.stateOf(completed), 'done')
  },

  'complete: is remembered beyond the lease': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquire(key, SHORT)
    assert.equal(await bench.complete(claim, LONG), true)
    await bench.pass(SHORT * 2)
    assert.equal(await bench.stateOf(key), 'done')
  },

  'complete: is remembered for its lifetime, and no longer': async (bench) => {
    const key = bench.key()
    await bench.complete(await bench.acquire(key, LONG), SHORT)
    if (bench.exact) {
      await bench.pass(SHORT - 1)
      assert.equal(await bench.stateOf(key), 'done')
      await bench.pass(1)
    } else {
      await bench.pass(SHORT)
    }
    assert.equal(await bench.stateOf(key, OTHER_BODY), 'acquired')
  },

  'complete: the lifetime counts from completion': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquire(key, LONG)
    await bench.pass(SHORT)
    await bench.complete(claim, bench.exact ? SHORT : LONG)
    await bench.pass(SHORT - 1)
    assert.equal(await bench.stateOf(key), 'done')
  },

  'complete: days can be remembered': async (bench) => {
    const key = bench.key()
    await bench.complete(await bench.acquire(key, SHORT), 7 * DAY)
    await bench.pass(7 * DAY - 1)
    assert.equal(await bench.stateOf(key), 'done')
    await bench.pass(1)
    assert.equal(await bench.stateOf(key), 'acquired')
  },

  'complete: a lease that ran out, its key taken by nobody, is still completed': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquireAndLose(key)
    assert.equal(await bench.complete(claim), true)
    assert.equal(await bench.stateOf(key), 'done')
  },

  'complete: a replaced token answers false, and changes nothing': async (bench) => {
    const key = bench.key()
    const lost = await bench.acquireAndLose(key)
    const holder = await bench.acquire(key)
    assert.equal(await bench.complete(lost), false)
    assert.equal(await bench.stateOf(key), 'in_flight')
    assert.equal(await bench.complete(holder), true)
  },

  'complete: a second time answers false, and the lifetime stays': async (bench) => {
    const key = bench.key()
    const claim = await bench.acquire(key)
    await bench.complete(claim, SHORT)
    assert.equal(await bench.complete(claim, LONG), false)
    await bench.pass(SHORT)
    assert.equal(await bench.stateOf(key), 'acquired')
  },

  'complete: a released claim answers false, and the key stays free': async (bench) => {
    const claim = await bench.acquire(bench.key())
    await bench.release(claim)
    assert.equal(await bench.complete(claim), false)
    assert.equal(await bench.stateOf(claim), 'acquired')
  },

  'release: frees the key at once, for any fingerprint': async (bench) => {
    const key = bench.key()
    assert.equal(await bench.release(await bench.acquire(key)), true)
    assert.equal(await bench.stateOf(key, OTHER_BODY), 'acquired')
  },

  'release: a replaced token answers false, and changes nothing': async (bench) => {
    const key = bench.key()
    const lost = await bench.acquireAndLose(key)
    await bench.acquire(key)
    assert.equal(await bench.release(lost), false)
    assert.equal(await bench.stateOf(key), 'in_flight')
  },

  'release: a completed claim answers false, and stays done': async (bench) => {
    const claim = await bench.acquire(bench.key())
    await bench.complete(claim)
    assert.equal(await bench.release(claim), false)
    assert.equal(await bench.stateOf(claim), 'done')
  },

  'release: a second time answers false': async (bench) => {
    const claim = await bench.acquire(bench.key())
    await bench.release(claim)
    assert.equal(await bench.release(claim), false)
  },

  'release: touches no other key': async (bench) => {
    const other = bench.key()
    await bench.acquire(other)
    await bench.release(await bench.acquire(bench.key()))
    assert.equal(await bench.stateOf(other), 'in_flight')
  },

  'token: of another key, or made up, it does nothing': async (bench) => {
    const key = bench.key()
    await bench.acquire(key)
    const { token } = await bench.acquire(bench.key())
    for (const wrong of [token, '', 'made-up', '0']) {
      const claim = { ...key, token: wrong }
      assert.equal(await bench.renew(claim), false)
      assert.equal(await bench.complete(claim), false)
      assert.equal(await bench.release(claim), false)
    }
    assert.equal(await bench.stateOf(key), 'in_flight')
    const unknown = { ...bench.key(), token }
    assert.equal(await bench.complete(unknown), false)
    assert.equal(await bench.stateOf(unknown), 'acquired')
  },
} satisfies Laws
