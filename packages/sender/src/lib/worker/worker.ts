import { WebhookError } from '@posthorn/schema'
import { systemClock } from '../clock'
import type { Emitter } from '../emitter'
import { undiciTransport } from '../network/index'
import type { Transport } from '../ports/transport'
import type { ResolvedOptions } from '../resolve-options'
import type { SecretBox } from '../secrets'
import type { FanOutContext } from '../sending/fan-out'
import { whileBusyFor } from '../store-retry'
import type { WorkerContext } from './context'
import { createEffects } from './effects'
import { createGate } from './gate'
import { createInFlight } from './in-flight'
import { runLoop } from './loop'
import { type PassReport, runPass } from './pass'
import { createSettler } from './settler'
import { createStoreTime, type StoreTime } from './store-time'
import { createWaker } from './waker'

const settleWindowMs = 2
const largestSettle = 500
const cutOffGraceMs = 1_000

/** Delivers what is due: one pass when asked, or all the time between `start` and `stop`. */
export interface Worker {
  readonly time: StoreTime
  readonly stopped: boolean
  deliverDue(): Promise<PassReport>
  start(): void
  /** Claims nothing more, lets attempts in flight end for `timeoutMs`, then cuts them off. Repeatable. */
  stop(timeoutMs: number): Promise<void>
  wake(): void
}

type Life =
  | { readonly stage: 'idle' }
  | {
      readonly stage: 'running'
      readonly abort: AbortController
      readonly loop: Promise<void>
      readonly unsubscribe: () => void
    }
  | { readonly stage: 'stopped'; readonly done: Promise<void> }

export function createWorker(
  options: ResolvedOptions,
  emitter: Emitter,
  secretBox: SecretBox,
  fanOut: Omit<FanOutContext, 'now'>,
): Worker {
  const waker = createWaker(options.clock)
  const time = createStoreTime(options.clock)
  const cut = { off: false }
  const transport = lazyTransport(options)
  const context = createContext(
    { options, emitter, secretBox, time, transport, cutOff: () => cut.off, wake: waker.wake },
    fanOut,
  )
  let life: Life = { stage: 'idle' }

  const finish = async (timeoutMs: number, before: Life): Promise<void> => {
    if (before.stage === 'running') {
      before.abort.abort()
      before.unsubscribe()
    }
    await drain(context, timeoutMs, async () => {
      cut.off = true
      await transport.close()
    })
    if (before.stage === 'running') await before.loop
    await transport.close()
  }

  return {
    time,
    get stopped() {
      return life.stage === 'stopped'
    },
    async deliverDue() {
      refuseIfStopped(life)
      return runPass(context)
    },
    start() {
      refuseIfStopped(life)
      if (life.stage === 'running') return
      const abort = new AbortController()
      const unsubscribe = options.store.deliveries.subscribe?.(waker.wake) ?? (() => {})
      life = { stage: 'running', abort, unsubscribe, loop: runLoop(context, waker, abort.signal) }
    },
    stop(timeoutMs) {
      if (life.stage !== 'stopped') life = { stage: 'stopped', done: finish(timeoutMs, life) }
      return life.done
    },
    wake: waker.wake,
  }
}

interface Parts {
  readonly options: ResolvedOptions
  readonly emitter: Emitter
  readonly secretBox: SecretBox
  readonly time: StoreTime
  readonly transport: { get(): Transport }
  readonly cutOff: () => boolean
  readonly wake: () => void
}

function createContext(parts: Parts, fanOut: Omit<FanOutContext, 'now'>): WorkerContext {
  const { options, emitter, secretBox, time } = parts
  const { store, clock, logger } = options
  const inFlight = createInFlight(parts.wake)
  return {
    store,
    options,
    clock,
    time,
    emitter,
    inFlight,
    gate: createGate(),
    transport: parts.transport.get,
    request: { ...options, ...options.signing, secretBox },
    fanOut: { ...fanOut, now: time.now },
    settler: createSettler({
      clock,
      write: (batch) => whileBusyFor(options.worker.leaseMs, () => store.deliveries.settle(batch)),
      outstanding: () => inFlight.size,
      windowMs: settleWindowMs,
      largest: largestSettle,
    }),
    effects: createEffects(store, emitter, logger),
    cutOff: parts.cutOff,
  }
}

/** Waits for what is in flight; after `timeoutMs` calls `cutOff`, which makes the rest end at once. */
async function drain(
  context: WorkerContext,
  timeoutMs: number,
  cutOff: () => Promise<void>,
): Promise<void> {
  const drained = context.inFlight.drained()
  const waited = new AbortController()
  const inTime = await Promise.race([
    drained.then(() => true),
    context.clock.sleep(timeoutMs, waited.signal).then(() => false),
  ])
  waited.abort()
  if (inTime) return
  await cutOff()
  // A transport that does not end its attempts when closed cannot hold the stop up: their leases will run out. Real time, as theirs is.
  await Promise.race([drained, systemClock.sleep(cutOffGraceMs)])
}

/** Made when the first attempt needs it, so that construction opens nothing. */
function lazyTransport(options: ResolvedOptions) {
  let made = options.transport
  return {
    get: (): Transport => {
      const transport = made ?? undiciTransport({ policy: options.network })
      made = transport
      return transport
    },
    close: async (): Promise<void> => made?.close(),
  }
}

function refuseIfStopped(life: Life): void {
  if (life.stage !== 'stopped') return
  throw new WebhookError(
    'sender_stopped',
    'This sender was stopped: make a new one with createSender.',
  )
}
