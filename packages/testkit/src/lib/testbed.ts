import { createReceiver, type Receiver, type ReceiverOptions } from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import type { AnyCatalogue, Duration } from '@posthorn/schema'
import { parseDuration } from '@posthorn/schema'
import { generateSecret } from '@posthorn/schema/signature'
import {
  createSender,
  type Endpoint,
  type Sender,
  type SenderOptions,
  type SyncTransactions,
} from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { type FakeClock, fakeClock } from '@posthorn/sender/testing'
import type { Faults } from './faults'
import { createLoopback, type Exchange } from './loopback'
import { createPlan } from './plan'

type Host = SyncTransactions<undefined>

/** What the sender and the receiver of a testbed are made with. */
export interface TestbedOptions<Catalogue extends AnyCatalogue> {
  /** The catalogue of both sides. */
  readonly events?: Catalogue
  /** Event types the endpoint wants. Default all. */
  readonly eventTypes?: readonly string[]
  /** Where the fake clock starts, in milliseconds since the Unix epoch. */
  readonly start?: number
  /** Options of the sender, but its store, clock and transport. `random` is 0 unless given: no jitter. */
  readonly sender?: Omit<
    Partial<SenderOptions<Catalogue, Host>>,
    'store' | 'clock' | 'transport' | 'events'
  >
  /** Options of the receiver, but its secrets and clock. Idempotency is in memory unless given. */
  readonly receiver?: Omit<Partial<ReceiverOptions<Catalogue>>, 'secrets' | 'clock' | 'events'>
}

/** A sender and a receiver that talk in this process, without a socket, in time that passes only when told to. */
export interface Testbed<Catalogue extends AnyCatalogue> {
  readonly clock: FakeClock
  readonly sender: Sender<Catalogue, Host>
  readonly receiver: Receiver<Catalogue>
  /** The endpoint that stands for the receiver. */
  readonly endpoint: Endpoint
  readonly secret: string
  /** Plans what goes wrong with the next requests. */
  readonly faults: Faults
  /** Every request so far, oldest first. */
  readonly exchanges: readonly Exchange[]
  /** Delivers what is due now. Time passes only as far as planned faults need it to. */
  deliver(): Promise<void>
  /** Passes time, from one due delivery to the next, until nothing is left to do, at most `within` (default `'30d'`). */
  settle(options?: { readonly within?: Duration }): Promise<void>
  /** Passes time, and delivers what falls due on the way. */
  advance(by: Duration): Promise<void>
}

/**
 * Wires a sender to a receiver for a test: days of retries pass in milliseconds.
 *
 * @example
 * ```ts
 * import { createTestbed } from '@posthorn/testkit'
 *
 * const bed = await createTestbed()
 * bed.receiver.onUnknown((event) => console.log(event.type))
 * bed.faults.fail(3)
 * await bed.sender.send({ type: 'run.completed', data: { runId: 'r1' } })
 * await bed.settle()
 * console.log(bed.exchanges.length) // 4
 * ```
 */
export async function createTestbed<Catalogue extends AnyCatalogue = AnyCatalogue>(
  options: TestbedOptions<Catalogue> = {},
): Promise<Testbed<Catalogue>> {
  const { clock, secret, sender, receiver, faults, loopback, store } = wire(options)
  const { endpoint } = await sender.endpoints.create({
    url: 'https://receiver.example/webhooks',
    secret,
    ...(options.eventTypes && { eventTypes: options.eventTypes }),
  })
  const deliver = () => pump(clock, () => loopback.waitsUntil, sender.deliverDue())
  const passUntil = async (end: number): Promise<void> => {
    await deliver()
    for (;;) {
      const dueIn = await store.deliveries.nextDueIn()
      if (dueIn === undefined || clock.now() + dueIn > end) return
      await clock.advance(Math.max(dueIn, 1))
      await deliver()
    }
  }
  const { exchanges } = loopback
  return {
    ...{ clock, sender, receiver, endpoint, secret, faults, exchanges, deliver },
    settle: ({ within = '30d' } = {}) => passUntil(clock.now() + parseDuration(within)),
    advance: async (by) => {
      const end = clock.now() + parseDuration(by)
      await passUntil(end)
      if (clock.now() < end) await clock.set(end)
      await deliver()
    },
  }
}

/** Both sides, on one clock, with a transport between them that the plan of faults disturbs. */
function wire<Catalogue extends AnyCatalogue>(options: TestbedOptions<Catalogue>) {
  const clock = fakeClock(options.start)
  const secret = generateSecret()
  const { faults, next: nextFault } = createPlan()
  const events = options.events === undefined ? {} : { events: options.events }
  const receiver = createReceiver<Catalogue>({
    idempotency: { store: memoryIdempotency({ clock }), source: 'testbed' },
    ...options.receiver,
    ...events,
    secrets: secret,
    clock,
  })
  const loopback = createLoopback({ clock, receiver, nextFault })
  const store = memoryStore({ clock })
  const sender = createSender<Catalogue, Host>({
    random: () => 0,
    ...options.sender,
    ...events,
    store,
    clock,
    transport: loopback,
  })
  return { clock, secret, sender, receiver, faults, loopback, store }
}

/** Lets a pass end: real turns for real work, and fake time only for the waits that faults ask for. */
async function pump(
  clock: FakeClock,
  waitsUntil: () => number | undefined,
  pass: Promise<unknown>,
): Promise<void> {
  let done = false
  const passing = pass.finally(() => {
    done = true
  })
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    const until = waitsUntil()
    if (!done && until !== undefined) await clock.set(Math.max(until, clock.now()))
  }
  await passing
}
