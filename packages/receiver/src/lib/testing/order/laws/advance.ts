import assert from 'node:assert/strict'
import type { OrderBench } from '../bench'

const CALLERS = 20

/** In their order: no locale has a say, and digits are characters. */
const ascending = [' ', '!', '-', '10', '9', 'A', 'B', 'Z', '_', 'a', 'a ', 'ab', 'b', '~']

const spellings = [
  ...['a', 'A', 'a ', ' a', 'a:b', '7:a', '__proto__', 'constructor', "'", '"', '\\', '%', '_'],
  ...['é', 'e\u0301', '键', '\u{1F511}', 'k'.repeat(1_000), `${'k'.repeat(1_000)}2`],
]

export const advanceLaws = {
  'advance: a key without a version takes any': async (bench: OrderBench) => {
    const key = bench.key()
    assert.equal(await bench.advance(key, '5'), true)
    await bench.has(key, '5')
  },

  'advance: takes a higher version': async (bench: OrderBench) => {
    const key = bench.key()
    await bench.advance(key, '5')
    assert.equal(await bench.advance(key, '6'), true)
    await bench.has(key, '6')
  },

  'advance: refuses the same version': async (bench: OrderBench) => {
    const key = bench.key()
    await bench.advance(key, '5')
    assert.equal(await bench.advance(key, '5'), false)
  },

  'advance: refuses a lower version, and changes nothing': async (bench: OrderBench) => {
    const key = bench.key()
    await bench.advance(key, '5')
    assert.equal(await bench.advance(key, '4'), false)
    await bench.has(key, '5')
  },

  'advance: of many callers with one version, one is told true': async (bench: OrderBench) => {
    const [key, other] = [bench.key(), await bench.parts.handle()]
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, index) =>
        (index % 2 === 0 ? bench.store : other).advance(key, '5'),
      ),
    )
    assert.equal(answers.filter(Boolean).length, 1)
  },

  'advance: of many versions at once, the highest stays': async (bench: OrderBench) => {
    const [key, other] = [bench.key(), await bench.parts.handle()]
    const versions = Array.from(
      { length: CALLERS },
      (_, index) => `v${((index * 7) % CALLERS) + 10}`,
    )
    const answers = await Promise.all(
      versions.map((version, index) =>
        (index % 2 === 0 ? bench.store : other).advance(key, version),
      ),
    )
    const highest = `v${CALLERS + 9}`
    assert.equal(answers[versions.indexOf(highest)], true)
    await bench.has(key, highest)
    await bench.has(key, highest, other)
  },

  'isNewer: answers what advance would, and changes nothing': async (bench: OrderBench) => {
    const key = bench.key()
    for (const version of ['1', '2', '3'])
      assert.equal(await bench.store.isNewer(key, version), true)
    await bench.advance(key, '2')
    const answers = ['1', '2', '3', '3'].map((version) => bench.store.isNewer(key, version))
    assert.deepEqual(await Promise.all(answers), [false, false, true, true])
  },

  'versions: compare by character codes': async (bench: OrderBench) => {
    const key = bench.key()
    for (const version of ascending) {
      assert.equal(await bench.store.isNewer(key, version), true, `'${version}' is higher`)
      assert.equal(await bench.advance(key, version), true, `'${version}' is higher`)
    }
    for (const version of ascending) assert.equal(await bench.advance(key, version), false, version)
  },

  'versions: may be of 300 characters': async (bench: OrderBench) => {
    const [key, long] = [bench.key(), '9'.repeat(299)]
    assert.equal(await bench.advance(key, `${long}1`), true)
    assert.equal(await bench.advance(key, `${long}0`), false)
    assert.equal(await bench.advance(key, `${long}2`), true)
  },

  'keys: sources do not see each other': async (bench: OrderBench) => {
    const key = bench.key()
    await bench.advance(key, '5')
    const other = { ...key, source: 'shipping' }
    assert.equal(await bench.advance(other, '1'), true)
    await bench.has(key, '5')
    await bench.has(other, '1')
  },

  'keys: no spelling is special': async (bench: OrderBench) => {
    const keys = spellings.flatMap((text) => [
      bench.key({ key: text }),
      bench.key({ source: text, key: 'b' }),
    ])
    for (const key of keys) assert.equal(await bench.advance(key, '1'), true, JSON.stringify(key))
    for (const key of keys) await bench.has(key, '1')
  },
}
