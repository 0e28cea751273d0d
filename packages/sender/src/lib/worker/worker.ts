import { AsyncResource } from 'node:async_hooks'
import { WebhookError } from '@posthorn/schema'
import type { Emitter } from '../emitter'
import { errorText } from '../error-text'
import type { InsertedEvent, NewEvent } from '../model/event'
import { createTokens } from '../network/oauth/tokens'
import type { ResolvedOptions } from '../resolve-options'
import type { SecretBox } from '../secrets'
import type { FanOutContext } from '../sending/fan-out'
import { whileBusy, whileBusyFor } from '../store-retry'
import type { Telemetry } from '../telemetry/telemetry'
import { type Ask, ask } from './ask'
import type { WorkerContext } from './context'
import { createEffects } from './effects'
import { createGate } from './gate'
import { type Begin, insertAndBegin } from './hand-over'
import { createInFlight } from './in-flight'
import { type LazyTransport, lazyTransport } from './lazy-transport'
import { runLoop } from './loop'
import { type PassReport, runPass } from './pass'
import { runDelivery } from './run-delivery'
import { createSettler } from './settler'
import { createShutdown, type Shutdown } from './shutdown'
import { createStoreTime, type StoreTime } from './store-time'
import { createWaker, type Waker } from './waker'

const settleWindowMs = 5
const largestSettle = 500

/** Delivers what is due: one pass when asked, or all the time between `start` and `stop`. */
export interface Worker {
  readonly time: StoreTime
  /** Aborted when a stop is asked for. */
  readonly stopping: AbortSignal
  readonly ask: Ask
  /** Throws `sender_stopped` from then on. */
  refuseIfStopped(): void
  deliverDue(): Promise<PassReport>
  /** Writes events. A started worker with free slots begins their deliveries at once; otherwise it is woken. */
  insert(events: readonly NewEvent[]): Promise<readonly InsertedEvent[]>
  start(): void
  /** Claims nothing more, lets attempts in flight end for `timeoutMs`, then cuts them off. Repeatable. */
  stop(timeoutMs: number): Promise<void>
  wake(): void
}

type Life =
  | { readonly stage: 'idle' }
  | { readonly stage: 'running'; readonly unsubscribe: () => void; readonly begin: Begin }
  | { readonly stage: 'stopped'; readonly done: Promise<void> }

export interface WorkerParts {
  readonly options: ResolvedOptions
  readonly emitter: Emitter
  readonly secretBox: SecretBox
  readonly telemetry: Telemetry | undefined
  readonly fanOut: Omit<FanOutContext, 'now'>
}

export function createWorker(parts: WorkerParts): Worker {
  const { options } = parts
  const waker = createWaker(options.clock)
  const transport = lazyTransport(options, parts.telemetry)
  const shutdown = createShutdown(options.clock, transport)
  const context = createContext(parts, { transport, shutdown, waker })
  const unwatch = watch(context)
  let life: Life = { stage: 'idle' }

  const refuseIfStopped = (): void => {
    if (life.stage !== 'stopped') return
    throw new WebhookError(
      'sender_stopped',
      'This sender was stopped: make a new one with createSender.',
    )
  }
  return {
    time: context.time,
    stopping: shutdown.stopping,
    ask: (endpoint, question) => shutdown.running.add(ask(context, endpoint, question)),
    refuseIfStopped,
    async deliverDue() {
      refuseIfStopped()
      return shutdown.running.add(runPass(context))
    },
    insert: (events) =>
      insertAndBegin(context, events, life.stage === 'running' ? life.begin : undefined),
    start() {
      refuseIfStopped()
      if (life.stage === 'running') return
      const unsubscribe = options.store.deliveries.subscribe?.(waker.wake) ?? (() => {})
      const run = () => {
        life = { stage: 'running', unsubscribe, begin: beginning(context) }
        return runLoop(context, waker)
      }
      void shutdown.running.add(context.telemetry?.tracing.apart(run) ?? run())
    },
    stop(timeoutMs) {
      if (life.stage === 'stopped') return life.done
      const unsubscribe = life.stage === 'running' ? life.unsubscribe : () => {}
      const done = shutdown
        .begin(timeoutMs)
        .finally(unsubscribe)
        .finally(() => unwatch?.())
      life = { stage: 'stopped', done }
      return done
    },
    wake: waker.wake,
  }
}

/** In the context of whoever started the worker, and not of whose event it happens to be. */
const beginning = (context: WorkerContext): Begin =>
  AsyncResource.bind((delivery) => void runDelivery(context, delivery))

/** Lets the figures be collected, from now on; answers how to end that. */
function watch({ telemetry, emitter, inFlight, store, options }: WorkerContext) {
  return telemetry?.metrics.watch({
    emitter,
    inFlight: () => inFlight.size,
    statistics: () => whileBusy(() => store.log.statistics()),
    failed: (error) =>
      options.logger.warn({ error: errorText(error) }, 'the statistics could not be read'),
  })
}

interface Wiring {
  readonly transport: LazyTransport
  readonly shutdown: Shutdown
  readonly waker: Waker
}

function createContext(parts: WorkerParts, wiring: Wiring): WorkerContext {
  const { options, emitter, telemetry, secretBox, fanOut } = parts
  const { transport, shutdown, waker } = wiring
  const { store, clock, logger } = options
  const time = createStoreTime(clock)
  const inFlight = createInFlight({
    // One large claim costs the store far less than several small ones.
    attempted: (attempting) => {
      if (attempting === 0) waker.freed()
    },
    removed: waker.freed,
  })
  return {
    store,
    options,
    clock,
    time,
    emitter,
    telemetry,
    inFlight,
    gate: createGate(),
    transport: transport.get,
    tokens: createTokens(
      (request) => transport.get().send(request),
      () => clock.now(),
    ),
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
    wakeFor: (events) => {
      if (events.every(({ fanOut }) => fanOut !== undefined)) waker.due()
      else waker.wake()
    },
    stopping: shutdown.stopping,
    cutOff: shutdown.cutOff,
  }
}
