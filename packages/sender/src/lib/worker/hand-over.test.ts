import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, it } from 'vitest'
import type { DeliveryStore } from '../ports/delivery-store'
import type { Logger } from '../ports/logger'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { heldTransport } from './test-transport'

type Change = (deliveries: DeliveryStore) => Partial<DeliveryStore>

/** A started worker with nothing to do, over a store whose answers the test may change, and what it asks from then on. */
async function idle(change: Change = () => ({}), logger?: Logger) {
  const store = memoryStore()
  const asked: string[] = []
  const { deliveries } = store
  const insertAndClaim: DeliveryStore['insertAndClaim'] = async (events, request) => {
    const answer = await deliveries.insertAndClaim?.(events, request)
    asked.push(`handed over ${answer?.claim?.deliveries.length} of ${request.limit}`)
    return answer ?? { events: [] }
  }
  const claim: DeliveryStore['claim'] = async (request) => {
    const answer = await deliveries.claim(request)
    asked.push(`claimed ${answer.deliveries.length}`)
    return answer
  }
  const watched = { ...deliveries, insertAndClaim, claim }
  const testing = testSender([], {
    store: { ...store, deliveries: { ...watched, ...change(watched) } },
    worker: { concurrency: 10, perEndpoint: 100, pollInterval: '10s' },
    ...(logger && { logger }),
  })
  await testing.sender.endpoints.create({ url })
  testing.sender.start()
  await testing.clock.advance('1s')
  asked.length = 0
  return { ...testing, asked }
}

it('begins what was just sent without a claim of its own', async () => {
  const { asked, clock, sender, transport } = await idle()
  await sender.send(run)
  await clock.advance(0)
  expect(transport.requests).toHaveLength(1)
  expect(asked).toEqual(['handed over 1 of 1', 'claimed 0'])
  await sender.stop()
})

it('while it lasts, the loop looks for other work a few times a second, and not after each delivery', async () => {
  const { asked, clock, sender, transport } = await idle()
  for (let sent = 0; sent < 200; sent += 1) {
    await sender.send(run)
    await clock.advance(5)
  }
  expect(transport.requests).toHaveLength(200)
  expect(asked.filter((what) => what === 'handed over 1 of 1')).toHaveLength(200)
  expect(asked.filter((what) => what === 'claimed 0').length).toBeLessThan(20)
  await sender.stop()
})

it('takes half of the free slots at the most, and leaves the rest to the loop', async () => {
  const { asked, clock, sender, transport } = await idle()
  await sender.sendMany(Array.from({ length: 8 }, () => run))
  await clock.advance('1s')
  expect(asked.slice(0, 2)).toEqual(['handed over 5 of 5', 'claimed 3'])
  expect(transport.requests).toHaveLength(8)
  await sender.stop()
})

it('only inserts where no slot is free', async () => {
  const transport = heldTransport()
  const store = memoryStore()
  const { clock, sender } = testSender([], { store, transport, worker: { concurrency: 1 } })
  await sender.endpoints.create({ url })
  sender.start()
  await clock.advance('1s')
  await sender.send(run)
  await sender.send(run)
  await clock.advance('2s')
  expect(transport.requests).toHaveLength(1)
  transport.answer(204)
  await clock.advance('2s')
  expect(transport.requests).toHaveLength(2)
  transport.answer(204)
  await sender.stop()
})

it('does not attempt again what was sent twice', async () => {
  const { clock, sender, transport } = await idle()
  await Promise.all([sender.send({ ...run, id: 'evt_1' }), sender.send({ ...run, id: 'evt_1' })])
  await sender.send({ ...run, id: 'evt_1' })
  await clock.advance('1s')
  expect(transport.requests).toHaveLength(1)
  await sender.stop()
})

it('has its slots back when the store fails, and the caller is told', async () => {
  let fails = true
  const { clock, sender, transport } = await idle((deliveries) => ({
    insertAndClaim: async (...given) => {
      if (fails) throw new TypeError('disk full')
      return deliveries.insertAndClaim?.(...given) ?? Promise.reject(new TypeError('absent'))
    },
  }))
  await expect(sender.sendMany(Array.from({ length: 20 }, () => run))).rejects.toThrow('disk full')
  fails = false
  await sender.sendMany(Array.from({ length: 10 }, () => run))
  await clock.advance('1s')
  expect(transport.requests).toHaveLength(10)
  await sender.stop()
})

it('resolves for its caller though what a stop gives back is not taken', async () => {
  let letGo = () => {}
  const lines: string[] = []
  const note = (_fields: object, message: string) => lines.push(message)
  const change: Change = (deliveries) => ({
    release: async () => {
      throw new TypeError('disk full')
    },
    insertAndClaim: async (...given) => {
      const answer = await deliveries.insertAndClaim?.(...given)
      await new Promise<void>((resolve) => {
        letGo = resolve
      })
      return answer ?? Promise.reject(new TypeError('absent'))
    },
  })
  const logger = { debug: note, info: note, warn: note, error: note }
  const { clock, sender } = await idle(change, logger)
  const sending = sender.send(run)
  await clock.advance(0)
  const stopping = sender.stop()
  letGo()
  expect(await sending).toMatchObject({ duplicate: false, deliveries: 1 })
  await stopping
  expect(lines).toContain('leases could not be given back; they will run out')
})

it('gives back what it is handed after a stop was asked for, without blame', async () => {
  let letGo = () => {}
  const { clock, sender, store, transport } = await idle((deliveries) => ({
    insertAndClaim: async (...given) => {
      const answer = await deliveries.insertAndClaim?.(...given)
      await new Promise<void>((resolve) => {
        letGo = resolve
      })
      return answer ?? Promise.reject(new TypeError('absent'))
    },
  }))
  const sending = sender.send(run)
  await clock.advance(0)
  const stopping = sender.stop()
  letGo()
  await Promise.all([sending, stopping])
  expect(transport.requests).toHaveLength(0)
  const { items } = await sender.deliveries.list()
  expect(items).toMatchObject([{ status: 'pending', attempts: 0 }])
  await store.close()
})

it('runs in the context in which the worker was started, not in that of a sender', async () => {
  const request = new AsyncLocalStorage<string>()
  const { clock, sender, transport } = await idle()
  const seen: (string | undefined)[] = []
  const { send } = transport
  transport.send = (attempt) => {
    seen.push(request.getStore())
    return send(attempt)
  }
  await request.run('of a host', () => sender.send(run))
  await clock.advance('1s')
  expect(seen).toEqual([undefined])
  await sender.stop()
})

it('begins nothing beside a suspect, which runs alone', async () => {
  const transport = heldTransport()
  const store = memoryStore()
  const { clock, sender } = testSender([], { store, transport })
  await sender.endpoints.create({ url })
  await sender.send(run)
  const terms = { limit: 1, leaseMs: 10, perEndpoint: 1, failingLimit: 1, probeAfterMs: 1e9 }
  for (const _ of ['lost once', 'lost twice']) {
    await store.deliveries.claim({ ...terms, solo: false })
    await clock.advance(10)
  }
  sender.start()
  await clock.advance('1s')
  expect(transport.open).toBe(1)
  await sender.send(run)
  await clock.advance('1s')
  expect(transport.requests).toHaveLength(1)
  transport.answer(204)
  await clock.advance('1s')
  expect(transport.requests).toHaveLength(2)
  transport.answer(204)
  await sender.stop()
})

it('leaves to the loop what was written and could not be claimed', async () => {
  const { asked, clock, sender, transport } = await idle(({ insert }) => ({
    insertAndClaim: async (events) => ({ events: await insert(events) }),
  }))
  expect(await sender.send(run)).toMatchObject({ duplicate: false, deliveries: 1 })
  await clock.advance(10)
  expect(transport.requests).toHaveLength(1)
  expect(asked).toContain('claimed 1')
  await sender.stop()
})

it('hands over while the loop is claiming, and never more than there are slots', async () => {
  let isHeld = false
  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const { asked, clock, sender, transport } = await idle(({ claim }) => ({
    async claim(request) {
      if (isHeld) await held
      return claim(request)
    },
  }))
  isHeld = true
  sender.wake()
  await clock.advance(0)
  await sender.sendMany([run, run, run, run, run, run])
  await clock.advance(0)
  // Of ten slots the claim may fill five, and what is sent half of the others.
  expect(asked).toEqual(['handed over 3 of 3'])
  expect(transport.requests).toHaveLength(3)
  letGo()
  await clock.advance(20)
  expect(transport.requests).toHaveLength(6)
  await sender.stop()
})
