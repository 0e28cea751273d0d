import type { SenderStore } from '@posthorn/sender'
import { type FakeClock, fakeClock } from '@posthorn/sender/testing'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { expect, it } from 'vitest'
import { createRandom, QueueModel } from './model'

const TENANT = 'default'
const STEPS = 800
const seeds = [1, 2, 3, 4, 5, 6]

it.each(seeds)('random work, seed %i: claims what a look at every delivery would', async (seed) => {
  const clock = fakeClock()
  const store = sqliteStore(await openSqlite(':memory:'), { clock })
  await store.migrate()
  const run = new Run(store, clock, createRandom(seed))
  await run.addEndpoints(5)
  for (let step = 0; step < STEPS; step += 1) await run.step()
  expect(run.claimed).toBeGreaterThan(STEPS / 8)
  await store.close()
})

class Run {
  claimed = 0
  readonly #store: SenderStore
  readonly #clock: FakeClock
  readonly #random: (below: number) => number
  readonly #model: QueueModel
  #ids = 0

  constructor(store: SenderStore, clock: FakeClock, random: (below: number) => number) {
    this.#store = store
    this.#clock = clock
    this.#random = random
    this.#model = new QueueModel(clock)
  }

  async addEndpoints(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const id = `ep_${index}`
      await this.#store.endpoints.insert({
        tenantId: TENANT,
        id,
        url: 'https://example.com/',
        eventTypes: ['*'],
        status: 'enabled',
        health: { state: 'healthy' },
        headers: {},
        secrets: [],
        metadata: {},
      })
      this.#model.endpoints.push({ id, paused: false, failing: false, throttledUntil: 0 })
    }
  }

  async step(): Promise<void> {
    const actions = [
      this.#send,
      this.#claim,
      this.#claim,
      this.#settle,
      this.#settle,
      this.#giveBack,
      this.#cancel,
      this.#change,
      this.#pass,
    ]
    await this.#pick(actions).call(this)
    await this.#checkNextDue()
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[this.#random(items.length)]
    if (item === undefined) throw new TypeError('nothing to pick from')
    return item
  }

  async #send(): Promise<void> {
    const deliveries = Array.from({ length: 1 + this.#random(3) }, () => {
      const endpoint = this.#pick(this.#model.endpoints)
      const id = `dlv_${++this.#ids}`
      this.#model.deliveries.set(id, { id, endpoint, dueAt: this.#model.now, lost: 0 })
      return { id, endpointId: endpoint.id, state: { status: 'pending' as const } }
    })
    const event = {
      tenantId: TENANT,
      id: `evt_${++this.#ids}`,
      type: 'run.completed',
      version: 1,
      timestamp: 0,
      body: new Uint8Array([123, 125]),
      metadata: {},
      fanOut: { deliveries, bodies: [] },
    }
    await this.#store.deliveries.insert([event])
  }

  async #claim(): Promise<void> {
    const model = this.#model
    const request = {
      limit: this.#random(8),
      leaseMs: 1 + this.#random(50),
      perEndpoint: 1 + this.#random(4),
      failingLimit: this.#random(3),
      probeAfterMs: 1_000_000,
      solo: this.#random(4) === 0,
    }
    const expected = model.expectedCount(request)
    const { deliveries, suspects } = await this.#store.deliveries.claim(request)
    expect(deliveries).toHaveLength(expected)
    for (const { lease } of deliveries) {
      const delivery = model.deliveries.get(lease.deliveryId)
      expect(delivery && model.isClaimable(delivery)).toBe(true)
      expect(delivery && model.isSuspect(delivery)).toBe(request.solo)
    }
    model.applyClaim(deliveries, request.leaseMs)
    for (const endpoint of model.endpoints) {
      const claimed = deliveries.filter((one) => one.endpoint.id === endpoint.id).length
      const held = model.of(endpoint).filter((delivery) => model.isHeld(delivery)).length
      if (claimed > 0) expect(held).toBeLessThanOrEqual(request.perEndpoint)
    }
    expect(suspects).toBe(model.hasWaitingSuspects())
    this.claimed += deliveries.length
  }

  #anyClaimed() {
    const claimed = [...this.#model.deliveries.values()].filter(({ claim }) => claim)
    const delivery = claimed.length === 0 ? undefined : this.#pick(claimed)
    return delivery?.claim && { delivery, ...delivery.claim.claimed }
  }

  async #settle(): Promise<void> {
    const picked = this.#anyClaimed()
    if (!picked) return
    const { delivery, lease } = picked
    const retryInMs = this.#random(40)
    const next =
      this.#random(2) === 0
        ? { status: 'succeeded' as const }
        : { status: 'pending' as const, retryInMs, deferred: false }
    const [verdict] = await this.#store.deliveries.settle([{ lease, next }])
    expect(verdict).toBe('applied')
    delete delivery.claim
    delivery.dueAt = this.#model.now + retryInMs
    if (next.status === 'succeeded') this.#model.deliveries.delete(delivery.id)
  }

  async #giveBack(): Promise<void> {
    const picked = this.#anyClaimed()
    if (!picked) return
    const { delivery, lease } = picked
    if (this.#random(2) === 0) {
      await this.#store.deliveries.release([lease])
      delete delivery.claim
      return
    }
    const held = this.#model.isHeld(delivery)
    const kept = await this.#store.deliveries.extend([lease], 60)
    expect(kept).toHaveLength(held ? 1 : 0)
    if (held && delivery.claim) delivery.claim.until = this.#model.now + 60
  }

  async #cancel(): Promise<void> {
    const all = [...this.#model.deliveries.values()]
    if (all.length === 0 || this.#random(3) > 0) return
    const { id } = this.#pick(all)
    expect(await this.#store.deliveries.cancel(TENANT, id)).toBe('canceled')
    this.#model.deliveries.delete(id)
  }

  async #change(): Promise<void> {
    const endpoint = this.#pick(this.#model.endpoints)
    const key = { tenantId: TENANT, id: endpoint.id }
    const record = await this.#store.endpoints.get(TENANT, endpoint.id)
    if (!record) throw new TypeError('the endpoint is gone')
    switch (this.#random(3)) {
      case 0:
        endpoint.paused = !endpoint.paused
        await this.#store.endpoints.replace({
          ...record,
          status: endpoint.paused ? 'paused' : 'enabled',
        })
        return
      case 1: {
        const from = endpoint.failing ? 'failing' : 'healthy'
        endpoint.failing = !endpoint.failing
        const to = endpoint.failing ? 'failing' : 'healthy'
        await this.#store.endpoints.transition([{ ...key, health: { from, to } }])
        return
      }
      default: {
        const throttleForMs = this.#random(30)
        endpoint.throttledUntil = Math.max(endpoint.throttledUntil, this.#model.now + throttleForMs)
        await this.#store.endpoints.transition([{ ...key, throttleForMs }])
      }
    }
  }

  async #pass(): Promise<void> {
    await this.#clock.advance(this.#random(30))
  }

  /** Too early is allowed, too late is not. */
  async #checkNextDue(): Promise<void> {
    const expected = this.#model.nextDue()
    const dueIn = await this.#store.deliveries.nextDueIn()
    if (expected === undefined) return
    expect(dueIn).toBeDefined()
    expect(dueIn).toBeLessThanOrEqual(Math.max(0, expected - this.#model.now))
  }
}
