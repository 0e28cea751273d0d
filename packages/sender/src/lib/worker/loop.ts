import { errorText } from '../error-text'
import type { DeliveryClaim } from '../ports/delivery-store'
import { whileBusy } from '../store-retry'
import { claimDue, claimRequest } from './claim'
import type { WorkerContext } from './context'
import { keepingLeases } from './lease-keeper'
import { matchRecorded } from './match-recorded'
import { runDelivery } from './run-delivery'
import { runSuspects } from './suspects'
import type { Waker } from './waker'

/** How long at the most slots that come free are gathered before a worker that found nothing looks again. */
const longestCalmMs = 80

/** Suspects that one solo phase takes at the most, so that the others' wait stays short. */
const mostSolo = 50

/**
 * A thin shell around the steps: wakes on hints, on freed slots and when something falls due. After a stop was asked for it claims nothing
 * more, and ends when nothing is in flight.
 */
export function runLoop(context: WorkerContext, waker: Waker): Promise<void> {
  const now = context.clock.now()
  const state: LoopState = {
    lastSolo: now,
    lastMatch: now,
    mayMatch: true,
    idle: 0,
    isThronged: false,
  }
  return keepingLeases(context, async () => {
    while (!context.stopping.aborted) await turn(context, state, waker)
    await context.inFlight.drained()
  })
}

interface LoopState {
  lastSolo: number
  lastMatch: number
  /** Whether events may wait to be matched: a slot that comes free brings none. */
  mayMatch: boolean
  /** Steps in a row that found nothing to do. */
  idle: number
  /** Whether the last claim filled half of the free slots: then the next takes all, as one large claim costs the store least. */
  isThronged: boolean
}

async function turn(context: WorkerContext, state: LoopState, waker: Waker): Promise<void> {
  try {
    const hinted = waker.takeHint()
    state.mayMatch ||= hinted || isMatchDue(context, state)
    const { progress, next } = await step(context, state)
    if (progress !== 'at_once') await rest(context, state, waker, { progress, next })
  } catch (error) {
    context.options.logger.error(
      { error: errorText(error) },
      'the worker could not use its store; it will try again',
    )
    context.emitter.emit('worker.error', { error })
    await context.clock.sleep(context.options.worker.pollMs, context.stopping)
    state.mayMatch = true
  }
}

const isMatchDue = ({ clock, options }: WorkerContext, { lastMatch }: LoopState): boolean =>
  Math.abs(clock.now() - lastMatch) >= options.worker.pollMs

/** `at_once`: there is more for certain. `some`: the store says whether there is more. */
type Progress = 'none' | 'some' | 'at_once'

interface Step {
  readonly progress: Progress
  readonly next?: DeliveryClaim['next']
}

async function step(context: WorkerContext, state: LoopState): Promise<Step> {
  const free = claimRequest(context, false).limit
  const share = state.isThronged ? 'all' : 'half'
  const { deliveries, suspects, next } = await claimDue(context, share)
  state.isThronged = 2 * deliveries.length >= free
  for (const delivery of deliveries) void runDelivery(context, delivery)
  const matched = state.mayMatch ? await matchRecorded(context) : 0
  if (state.mayMatch) state.lastMatch = context.clock.now()
  state.mayMatch = matched > 0
  let alone = 0
  if (suspects && soloIsDue(context, state, deliveries.length)) {
    alone = (await runSuspects(context, mostSolo)).length
    state.lastSolo = context.clock.now()
  }
  if (matched > 0) return { progress: 'at_once' }
  if (alone > 0) return { progress: 'some' }
  return { progress: deliveries.length > 0 ? 'some' : 'none', next }
}

const isFull = (context: WorkerContext): boolean => claimRequest(context, false).limit <= 0

/** When idle, or at the latest one lease after the last time: then the others wait. */
function soloIsDue(context: WorkerContext, state: LoopState, claimed: number): boolean {
  const idle = claimed === 0 && context.inFlight.size === 0
  return idle || context.clock.now() - state.lastSolo >= context.options.worker.leaseMs
}

async function rest(
  context: WorkerContext,
  state: LoopState,
  waker: Waker,
  { progress, next }: Step,
): Promise<void> {
  const most = context.options.worker.pollMs
  if (isFull(context)) {
    await waker.wait({ ms: most, calmMs: 0 }, context.stopping)
    return
  }
  const dueIn = next ? next.dueIn : await whileBusy(() => context.store.deliveries.nextDueIn())
  const isDue = dueIn !== undefined && dueIn <= 0
  if (isDue && progress === 'some') return
  // Due, and yet not claimed: a cap holds it back, and a freed slot will wake us. Where nothing is due, a freed slot seldom brings any.
  state.idle = progress === 'none' && !isDue ? state.idle + 1 : 0
  const calmMs = state.idle === 0 ? 0 : Math.min(longestCalmMs, 5 * 2 ** state.idle)
  const ms = dueIn === undefined || isDue ? most : Math.min(most, dueIn)
  const ranOut = await waker.wait({ ms, calmMs }, context.stopping)
  if (ranOut) state.mayMatch = true
}
