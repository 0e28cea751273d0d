import type {
  DeadInboxPosition,
  InboxDeathReason,
  InboxMessage,
  InboxSettlement,
  InboxTask,
} from '../ports/inbox-store'

/** A message with its tasks, by handler. */
export interface Entry {
  readonly message: InboxMessage
  readonly receivedAt: number
  readonly tasks: ReadonlyMap<string, MemoryTask>
}

export interface MemoryTask {
  state: 'pending' | 'done' | 'dead'
  /** When a pending one may be claimed: its next try, or the end of its lease; when any other ended. */
  at: number
  attempts: number
  token?: string | undefined
  reason?: InboxDeathReason | undefined
  code?: string | undefined
}

type DeadTask = MemoryTask & { readonly reason: InboxDeathReason }

export const isPending = (task: MemoryTask): boolean => task.state === 'pending'

export const isRunning = (task: MemoryTask, now: number): boolean =>
  isPending(task) && task.token !== undefined && task.at > now

export const isDead = (task: MemoryTask): task is DeadTask => task.state === 'dead'

/** Whether its message has to be kept. */
export const isUnfinished = (task: MemoryTask, deadMayGo: boolean): boolean =>
  isPending(task) || (isDead(task) && !deadMayGo)

export function settled(settlement: InboxSettlement, now: number): Partial<MemoryTask> {
  switch (settlement.to) {
    case 'done':
      return { state: 'done', at: now, token: undefined }
    case 'retry':
      return { at: now + settlement.inMs, token: undefined, code: settlement.code }
    case 'dead': {
      const { reason, code } = settlement
      return { state: 'dead', at: now, token: undefined, reason, code }
    }
  }
}

export function taskOf(handler: string, task: MemoryTask, now: number): InboxTask {
  const { attempts, at, code } = task
  const facts = { handler, attempts, ...(code === undefined ? {} : { code }) }
  if (isDead(task)) return { ...facts, state: 'dead', reason: task.reason, endedAt: at }
  if (task.state === 'done') return { ...facts, state: 'done', endedAt: at }
  if (isRunning(task, now)) return { ...facts, state: 'running', leasedUntil: at }
  return { ...facts, state: 'pending', dueAt: at }
}

/** The latest first; of one moment, by key and handler. */
export function isBefore(one: DeadInboxPosition, other: DeadInboxPosition): boolean {
  if (one.endedAt !== other.endedAt) return one.endedAt > other.endedAt
  return nameOf(one) < nameOf(other)
}

const nameOf = ({ key, handler }: DeadInboxPosition): string =>
  JSON.stringify([key.source, key.id, handler])
