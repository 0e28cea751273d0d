import { WebhookError } from '@posthorn/schema'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSender } from '../create-sender'
import type { SenderOptions } from '../options'
import type { SyncTransactions } from '../ports/store'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { recordingTransport } from '../testing/recording-transport'
import { heldTransport } from './test-transport'

type Options = Partial<SenderOptions<never, SyncTransactions<undefined>>>

async function heldSender(events: number, options: Options = {}) {
  const held = heldTransport()
  const bench = testSender([], { transport: held, ...options })
  await bench.sender.endpoints.create({ url })
  await bench.sender.sendMany(Array.from({ length: events }, () => run))
  const states = async () =>
    (await bench.sender.deliveries.list()).items.map((delivery) => delivery.status).sort()
  return { ...bench, held, states }
}

/** What is left to a transport or store that does not answer is real time. */
const realTimeIsFake = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
afterEach(() => {
  vi.useRealTimers()
})

const turns = async (count = 50) => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve()
}

describe('stop during a pass', () => {
  it('ends the pass after what is in flight, and leaves the rest as it was', async () => {
    const { clock, sender, held, states } = await heldSender(3, { worker: { concurrency: 1 } })
    const passing = sender.deliverDue()
    await clock.advance(1)
    const stopping = sender.stop()
    held.answer(200)
    await stopping
    expect(await passing).toMatchObject({ succeeded: 1, failed: 0, retrying: 0 })
    expect(held.requests).toHaveLength(1)
    expect(await states()).toEqual(['pending', 'pending', 'succeeded'])
  })

  it('cuts the pass off when it outlasts the timeout, once', async () => {
    const { clock, sender, held, states } = await heldSender(2, { worker: { concurrency: 1 } })
    const passing = sender.deliverDue()
    await clock.advance(1)
    const stopping = sender.stop({ timeout: '2s' })
    await clock.advance('2s')
    await stopping
    expect(await passing).toMatchObject({ retrying: 1 })
    expect(held.requests).toHaveLength(1)
    expect(await states()).toEqual(['pending', 'pending'])
    expect(clock.sleeping).toBe(0)
  })
})

describe('stop while the store is asked', () => {
  it('gives back what a claim brings after the stop', async () => {
    const { clock, sender, store, held } = await heldSender(1)
    const { claim } = store.deliveries
    let answer = () => {}
    store.deliveries.claim = async (request) => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return claim(request)
    }
    sender.start()
    await clock.advance(1)
    const stopping = sender.stop()
    await turns()
    answer()
    await stopping
    expect(held.requests).toEqual([])
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery).toMatchObject({ status: 'pending', attempts: 0 })
  })

  it('does not wait for a store that never answers', async () => {
    const { clock, sender, store } = await heldSender(1)
    store.deliveries.claim = () => new Promise(() => {})
    sender.start()
    await clock.advance(1)
    realTimeIsFake()
    const stopping = sender.stop({ timeout: '5s' })
    await clock.advance('5s')
    await vi.advanceTimersByTimeAsync(1_000)
    await stopping
  })

  it('waits for an outcome that a busy store refuses at first', async () => {
    const { clock, sender, store, held, states } = await heldSender(1)
    const { settle } = store.deliveries
    let refusals = 3
    store.deliveries.settle = async (batch) => {
      if (refusals-- > 0) throw new WebhookError('store_busy', 'The database is busy.')
      return settle(batch)
    }
    sender.start()
    await clock.advance(1)
    const stopping = sender.stop()
    held.answer(200)
    await stopping
    expect(await states()).toEqual(['succeeded'])
    expect(held.requests).toHaveLength(1)
  })
})

describe('stop during a solo phase', () => {
  const claim = {
    ...{ limit: 10, leaseMs: 45_000, perEndpoint: 10, failingLimit: 10 },
    ...{ probeAfterMs: 30_000, solo: false },
  }

  it('ends it after the one in flight', async () => {
    const { clock, sender, store, held, states } = await heldSender(3)
    for (let crash = 0; crash < 2; crash += 1) {
      await store.deliveries.claim(claim)
      await clock.advance('45s')
    }
    sender.start()
    await clock.advance(1)
    expect(held.open).toBe(1)
    const stopping = sender.stop()
    held.answer(200)
    await stopping
    expect(held.requests).toHaveLength(1)
    expect(await states()).toEqual(['delivering', 'delivering', 'succeeded'])
  })
})

describe('a stop that cuts off', () => {
  it('takes an answer that came for what it is', async () => {
    const redact: Options['redact'] = ({ responseBody: _body, ...rest }) => rest
    const held = heldTransport()
    const transport = { ...held, close: async () => held.answer(200) }
    const { clock, sender } = await heldSender(1, { transport, redact })
    sender.start()
    await clock.advance(1)
    const stopping = sender.stop({ timeout: '0s' })
    await stopping
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery).toMatchObject({ status: 'succeeded' })
    const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
    expect(attempt).toMatchObject({ status: 200 })
    expect(attempt).not.toHaveProperty('responseBody')
  })

  it('does not wait for a transport that cannot be closed', async () => {
    realTimeIsFake()
    for (const close of [
      () => new Promise<never>(() => {}),
      async () => {
        throw new RangeError('cannot be closed')
      },
    ]) {
      const { sender } = testSender([], { transport: { ...recordingTransport(), close } })
      const stopping = sender.stop()
      await vi.advanceTimersByTimeAsync(1_000)
      await stopping
    }
  })
})

describe('after a stop', () => {
  it('nothing keeps the process alive', async () => {
    realTimeIsFake()
    for (const timeout of ['1s', '0s'] as const) {
      const transport = heldTransport()
      const sender = createSender({ store: memoryStore(), transport })
      await sender.endpoints.create({ url })
      sender.start()
      await sender.send(run)
      await new Promise((resolve) => setImmediate(resolve))
      expect(transport.open).toBe(1)
      if (timeout === '1s') transport.answer(200)
      await sender.stop({ timeout })
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('the store is still the host’s', async () => {
    const { sender, store } = testSender()
    await sender.stop()
    expect(await store.log.statistics()).toMatchObject({ pending: 0 })
  })
})
