import { WebhookError } from '@posthorn/schema'
import type { Gate } from '../gate'
import type { Handler, HandlerContext } from '../handler'
import type { ResolvedClaims, ResolvedHost } from '../idempotency-options'
import { underClaim } from '../pipeline/claimed'
import { type Held, Lease } from '../pipeline/lease'
import type { Work } from '../pipeline/work'
import type { ClaimedInboxTask, InboxSettlement, InboxTaskRef } from '../ports/inbox-store'
import type { ReceiverParts } from '../receiver-parts'
import type { ReceiveOutcome } from '../result'
import { whileBusy } from '../while-busy'
import { type InboxHandlers, isForUnknown, taskWork } from './handlers'
import type { ResolvedInboxOptions } from './options'
import { restore } from './restore'
import { afterFailure } from './retry'

/** What tasks are run with. */
export interface Runner {
  readonly parts: ReceiverParts
  readonly inbox: ResolvedInboxOptions
  readonly handlers: InboxHandlers
  /** For handlers with a transaction each. */
  readonly gate: Gate
  /** Aborted when handlers must end. */
  readonly stopping: AbortSignal
}

/** What became of a claimed task; `lost` where that is another's to say, or the store failed. */
export type TaskEnd = 'done' | 'retried' | 'dead' | 'released' | 'lost'

/** Runs the handler of a claimed task, and settles it. Never rejects. */
export async function runTask(runner: Runner, task: ClaimedInboxTask): Promise<TaskEnd> {
  try {
    return await attempt(runner, task)
  } catch (err) {
    tell(runner, 'warn', { ...about(task), err }, 'Inbox task not settled; its lease will end.')
    return 'lost'
  }
}

async function attempt(runner: Runner, task: ClaimedInboxTask): Promise<TaskEnd> {
  const { retry } = runner.inbox
  if (task.attempt > retry.maxAttempts) {
    return settle(runner, task, { to: 'dead', reason: 'lost', code: 'lease_lost' })
  }
  const outcome = await handle(runner, task)
  if (outcome.kind === 'stale') {
    const { log, order } = runner.parts.options
    log.stale(outcome, order?.onStale)
  }
  if (outcome.kind === 'handled' || outcome.kind === 'stale') return 'done'
  if (outcome.kind !== 'refused') return settle(runner, task, { to: 'done' })
  const { code, cause, retryAfterMs } = outcome
  if (code === 'lease_lost') return 'lost'
  if (runner.stopping.aborted) return release(runner, task)
  const failure = { code, retryAfterMs }
  const settlement = afterFailure(retry, task.attempt, failure, runner.inbox.random())
  const level = settlement.to === 'dead' ? 'error' : code === 'handler_retry' ? 'info' : 'warn'
  const fields = { ...about(task), code, ...(cause === undefined ? {} : { err: cause }) }
  tell(runner, level, fields, `Inbox handler failed; ${nextOf(settlement)}.`)
  return settle(runner, task, settlement)
}

const nextOf = (settlement: InboxSettlement): string =>
  settlement.to === 'retry' ? `it runs again in ${settlement.inMs} ms` : 'its task is dead'

/** Undone: neither handled nor, unless handlers are in a transaction, without effects. */
async function handle(runner: Runner, task: ClaimedInboxTask): Promise<ReceiveOutcome> {
  const { parts, handlers } = runner
  const handler = handlers.find(task.handler, task.message.type)
  if (!handler) return { kind: 'refused', code: 'config' }
  let message: ReturnType<typeof restore>
  try {
    message = restore(parts.options, task.message)
  } catch (cause) {
    return { kind: 'refused', code: 'config', cause }
  }
  const claims = claimsOf(runner, task)
  const ref = { ...task.key, token: task.token }
  const lease = new Lease(parts.options, claims, ref, parts.options.clock.now())
  lease.keep()
  const work = whileRunning(runner, taskWork(parts.options, task.handler, counted(handler, task)))
  return underClaim(parts.options, claims, lease, { message, work })
}

function counted(handler: Handler, { attempt }: ClaimedInboxTask): Handler {
  return (event, context: HandlerContext) => handler(event, Object.assign(context, { attempt }))
}

function whileRunning({ stopping }: Runner, work: Work): Work {
  return (message, lease, given) => {
    const held: Held = {
      get signal() {
        return AbortSignal.any([lease.signal, stopping])
      },
      keep: () => lease.keep(),
    }
    return work(message, held, given)
  }
}

/** The task as the claim that the receiver's own pipeline knows. */
function claimsOf({ inbox, parts, gate }: Runner, task: InboxTaskRef): ResolvedClaims {
  const { store, leaseMs, host, source, key } = inbox
  const complete = () => store.settle(task, { to: 'done' })
  const claims = {
    claim: () => {
      throw new WebhookError('store_failed', 'A task is claimed with others.')
    },
    renew: (_claim: unknown, ms: number) => store.renew(task, ms),
    complete,
    release: () => true,
  }
  const isTogether = host && !isForUnknown(task.handler)
  const together = isTogether ? hostOf(host, task, { gate, clock: parts.options.clock }) : undefined
  return { kind: 'claims', source, key, store: claims, leaseMs, retentionMs: 0, host: together }
}

function hostOf(
  host: NonNullable<ResolvedInboxOptions['host']>,
  task: InboxTaskRef,
  { gate, clock }: { gate: Gate; clock: ReceiverParts['options']['clock'] },
): ResolvedHost {
  if (host.kind === 'async') {
    return {
      kind: 'async',
      transaction: (work) => host.transaction(work),
      complete: (_claim, _retainMs, tx) => host.complete(task, tx),
      gate,
    }
  }
  return {
    kind: 'sync',
    transaction: (work) => host.transaction(work),
    complete: (_claim, _retainMs, tx) => host.complete(task, tx),
    clock,
  }
}

async function settle(
  runner: Runner,
  task: ClaimedInboxTask,
  settlement: InboxSettlement,
): Promise<TaskEnd> {
  const { store, onDead } = runner.inbox
  const step = () => store.settle(task, settlement)
  const held = await whileBusy(runner.parts.options.clock, step)
  if (!held) return 'lost'
  if (settlement.to !== 'dead') return settlement.to === 'done' ? 'done' : 'retried'
  const { key, handler, attempt: attempts, message } = task
  const { reason, code } = settlement
  try {
    await onDead?.({ key, handler, type: message.type, reason, code, attempts })
  } catch (err) {
    tell(runner, 'warn', { ...about(task), err }, 'onDead failed.')
  }
  return 'dead'
}

async function release({ inbox, parts }: Runner, task: ClaimedInboxTask): Promise<TaskEnd> {
  const held = await whileBusy(parts.options.clock, () => inbox.store.release(task))
  return held ? 'released' : 'lost'
}

function about({ key, handler, attempt }: ClaimedInboxTask) {
  return { messageId: key.id, source: key.source, handler, attempt }
}

function tell(
  { parts: { options } }: Runner,
  level: 'info' | 'warn' | 'error',
  fields: Readonly<Record<string, unknown>>,
  message: string,
): void {
  try {
    options.log.logger[level](fields, message)
  } catch {
    // A logger that fails has nowhere to say so.
  }
}
