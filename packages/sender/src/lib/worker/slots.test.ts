import { expect, it } from 'vitest'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'

const concurrency = 5

/** A store that keeps outcomes waiting until it is let go. */
function slowToSettle() {
  const store = memoryStore()
  const { deliveries } = store
  const waiting: (() => void)[] = []
  let slow = true
  const settle: typeof deliveries.settle = async (batch) => {
    if (slow) await new Promise<void>((resolve) => waiting.push(resolve))
    return deliveries.settle(batch)
  }
  return {
    store: { ...store, deliveries: Object.assign(Object.create(deliveries), { settle }) },
    letGo() {
      slow = false
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

it('uses the slots of attempts that are over while their outcomes wait for the store, as many again at the most', async () => {
  const { store, letGo } = slowToSettle()
  const { clock, sender, transport } = testSender([], {
    store,
    worker: { concurrency, perEndpoint: 100 },
  })
  await sender.endpoints.create({ url, eventTypes: ['run.*'] })
  await sender.sendMany(Array.from({ length: 30 }, () => run))
  sender.start()
  for (let turn = 0; turn < 10; turn += 1) {
    await clock.advance('1s')
    sender.wake()
  }
  expect(transport.requests).toHaveLength(2 * concurrency)
  letGo()
  await clock.advance('5s')
  expect(transport.requests).toHaveLength(30)
  const stopping = sender.stop()
  await clock.advance('1s')
  await stopping
})
