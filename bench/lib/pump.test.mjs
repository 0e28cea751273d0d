import { expect, it } from 'vitest'
import { createBatcher, createGroup } from './group.mjs'
import { createPump } from './pump.mjs'

const settled = () => new Promise((resolve) => setImmediate(resolve))

it('a pump delivers each row once, never more at once than it may, and again when woken', async () => {
  const rows = Array.from({ length: 10 }, (_, index) => index)
  const delivered = []
  let inFlight = 0
  let most = 0
  const pump = createPump({
    claim: async () => rows.splice(0, 4),
    concurrency: 3,
    ahead: 2,
    async deliver(row) {
      most = Math.max(most, ++inFlight)
      await settled()
      inFlight -= 1
      delivered.push(row)
    },
  })
  pump.start()
  for (let turn = 0; turn < 20; turn += 1) await settled()
  rows.push(10)
  pump.wake()
  for (let turn = 0; turn < 5; turn += 1) await settled()
  expect(delivered.sort((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, row) => row))
  expect(most).toBe(3)
})

it('a pump that is stopped begins nothing more, and waits for what is under way', async () => {
  let claims = 0
  let done = 0
  const pump = createPump({
    claim: () => [claims++, claims++],
    concurrency: 2,
    async deliver() {
      await settled()
      done += 1
    },
  })
  pump.start()
  await Promise.resolve()
  await pump.stop()
  const before = done
  await settled()
  expect([before, done]).toEqual([2, 2])
})

it('a group writes at once what is as large as it may be, and the rest when idle is wanted', async () => {
  const written = []
  const group = createGroup(
    async (items) => void written.push(items),
    () => 2,
  )
  for (const item of [1, 2, 3]) group.add(item)
  expect(written).toEqual([[1, 2]])
  await group.idle()
  expect(written).toEqual([[1, 2], [3]])
})

it('a batcher writes together what came during a write, and tells each caller its outcome', async () => {
  const written = []
  const add = createBatcher(
    async (items) => {
      written.push(items)
      await settled()
      if (items.includes('bad')) throw new Error('refused')
    },
    { writers: 1 },
  )
  const outcomes = await Promise.allSettled(['one', 'two', 'bad'].map(add))
  expect(written).toEqual([['one'], ['two', 'bad']])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
})
