import { WebhookError } from '@posthorn/schema'
import type { Clock } from '../ports/clock'
import type {
  ClaimedInboxTask,
  DeadInboxFilter,
  DeadInboxPageRequest,
  DeadInboxTask,
  InboxClaimRequest,
  InboxKey,
  InboxMessage,
  InboxPruneRequest,
  InboxRecord,
  InboxSettlement,
  InboxStatistics,
  InboxStore,
  InboxTaskRef,
} from '../ports/inbox-store'
import {
  type Entry,
  isBefore,
  isDead,
  isPending,
  isRunning,
  isUnfinished,
  type MemoryTask,
  settled,
  taskOf,
} from './memory-inbox-task'

const DEFAULT_MAX_MESSAGES = 10_000

export interface MemoryInboxOptions {
  /**
   * Most messages kept; default 10,000. When full, the oldest whose handlers are all done goes; when there is none, `accept` throws
   * `store_busy`.
   */
  readonly maxMessages?: number
  /** Default: the receiver's. */
  readonly clock?: Clock
}

/**
 * An inbox in this process only, which a restart loses: for tests.
 *
 * @throws TypeError when `maxMessages` is not a positive integer.
 */
export function memoryInbox(options: MemoryInboxOptions = {}): InboxStore {
  return new MemoryInbox(options)
}

class MemoryInbox implements InboxStore {
  readonly host = { kind: 'none' } as const
  readonly #maxMessages: number
  /** In the order in which they were accepted. */
  readonly #entries = new Map<string, Entry>()
  #clock: Clock | undefined
  #tokens = 0
  #closed = false

  constructor({ maxMessages = DEFAULT_MAX_MESSAGES, clock }: MemoryInboxOptions) {
    if (!Number.isSafeInteger(maxMessages) || maxMessages < 1) {
      throw new TypeError('memoryInbox: maxMessages must be a positive integer')
    }
    this.#maxMessages = maxMessages
    this.#clock = clock
  }

  useClock(clock: Clock): void {
    this.#clock ??= clock
  }

  accept(
    message: InboxMessage,
    handlers: readonly string[],
  ): 'accepted' | 'duplicate' | 'mismatch' {
    const now = this.#now()
    const name = nameOf(message.key)
    const known = this.#entries.get(name)
    if (known) {
      return known.message.fingerprint === message.fingerprint ? 'duplicate' : 'mismatch'
    }
    this.#makeRoom()
    const tasks = new Map(handlers.map((handler) => [handler, newTask(now)]))
    this.#entries.set(name, { message: copyOf(message), receivedAt: now, tasks })
    return 'accepted'
  }

  claim({ handlers, limit, leaseMs }: InboxClaimRequest): readonly ClaimedInboxTask[] {
    const now = this.#now()
    const due = this.#tasks()
      .filter(({ handler, task }) => handlers.includes(handler) && isPending(task))
      .filter(({ task }) => task.at <= now)
      .sort((one, other) => one.task.at - other.task.at)
    return due.slice(0, limit).map(({ entry: { message }, handler, task }) => {
      this.#tokens += 1
      task.token = String(this.#tokens)
      task.attempts += 1
      task.at = now + leaseMs
      const { token, attempts: attempt } = task
      return { key: message.key, handler, token, attempt, message: copyOf(message) }
    })
  }

  renew(ref: InboxTaskRef, leaseMs: number): boolean {
    const now = this.#now()
    const held = this.#held(ref)
    if (held) held.at = now + leaseMs
    return held !== undefined
  }

  settle(ref: InboxTaskRef, settlement: InboxSettlement): boolean {
    const now = this.#now()
    const held = this.#held(ref)
    if (held) Object.assign(held, settled(settlement, now))
    return held !== undefined
  }

  release(ref: InboxTaskRef): boolean {
    const now = this.#now()
    const held = this.#held(ref)
    if (held) Object.assign(held, { at: now, token: undefined, attempts: held.attempts - 1 })
    return held !== undefined
  }

  get(key: InboxKey): InboxRecord | undefined {
    const now = this.#now()
    const entry = this.#entries.get(nameOf(key))
    if (!entry) return undefined
    const tasks = [...entry.tasks].sort(([one], [other]) => (one < other ? -1 : 1))
    return {
      ...copyOf(entry.message),
      receivedAt: entry.receivedAt,
      tasks: tasks.map(([handler, task]) => taskOf(handler, task, now)),
    }
  }

  dead({ filter, after, limit }: DeadInboxPageRequest): readonly DeadInboxTask[] {
    this.#now()
    const found = this.#dead(filter).map(({ dead }) => dead)
    found.sort((one, other) => (isBefore(one, other) ? -1 : 1))
    return (after ? found.filter((one) => isBefore(after, one)) : found).slice(0, limit)
  }

  revive(filter: DeadInboxFilter, limit: number): number {
    const now = this.#now()
    const found = this.#dead(filter).slice(0, limit)
    for (const { task } of found) Object.assign(task, newTask(now), { reason: undefined })
    return found.length
  }

  statistics(): InboxStatistics {
    const now = this.#now()
    const pending = this.#tasks().filter(({ task }) => isPending(task))
    const running = pending.filter(({ task }) => isRunning(task, now)).length
    const oldest = Math.min(now, ...pending.map(({ task }) => task.at))
    const dead = this.#tasks().filter(({ task }) => isDead(task)).length
    return { pending: pending.length - running, running, dead, oldestDueMs: now - oldest }
  }

  prune({ olderThanMs, limit, dead }: InboxPruneRequest): number {
    const now = this.#now()
    const isOver = ({ receivedAt, tasks }: Entry) =>
      receivedAt <= now - olderThanMs && ![...tasks.values()].some((one) => isUnfinished(one, dead))
    return this.#dropWhere(isOver, limit)
  }

  close(): void {
    this.#closed = true
    this.#entries.clear()
  }

  #now(): number {
    if (this.#closed) throw new WebhookError('store_closed', 'The inbox is closed; open a new one.')
    return this.#clock?.now() ?? Date.now()
  }

  #tasks() {
    return [...this.#entries.values()].flatMap((entry) =>
      [...entry.tasks].map(([handler, task]) => ({ entry, handler, task })),
    )
  }

  #held({ key, handler, token }: InboxTaskRef): MemoryTask | undefined {
    const task = this.#entries.get(nameOf(key))?.tasks.get(handler)
    return task && isPending(task) && task.token === token ? task : undefined
  }

  #dead(filter: DeadInboxFilter) {
    return this.#tasks().flatMap(({ entry: { message }, handler, task }) => {
      if (!isDead(task)) return []
      const { reason, code = '', attempts, at: endedAt } = task
      const { key, type } = message
      const dead: DeadInboxTask = { key, handler, type, reason, code, attempts, endedAt }
      return fits(dead, filter) ? [{ task, dead }] : []
    })
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#maxMessages) return
    const isDone = ({ tasks }: Entry) =>
      ![...tasks.values()].some((one) => isUnfinished(one, false))
    if (this.#dropWhere(isDone, 1) === 1) return
    throw new WebhookError(
      'store_busy',
      `All ${this.#maxMessages} messages of the memory inbox are unfinished; raise maxMessages.`,
    )
  }

  #dropWhere(isOver: (entry: Entry) => boolean, limit: number): number {
    let dropped = 0
    for (const [name, entry] of this.#entries) {
      if (dropped >= limit) break
      if (!isOver(entry)) continue
      this.#entries.delete(name)
      dropped += 1
    }
    return dropped
  }
}

const newTask = (now: number): MemoryTask => ({ state: 'pending', at: now, attempts: 0 })

const copyOf = (message: InboxMessage): InboxMessage => ({
  ...message,
  body: new Uint8Array(message.body),
})

/** The length keeps `('a', 'b:c')` and `('a:b', 'c')` apart. */
const nameOf = ({ source, id }: InboxKey): string => `${source.length}:${source}:${id}`

function fits(
  { key, type, handler, endedAt }: DeadInboxTask,
  { since = -Infinity, until = Infinity, ...filter }: DeadInboxFilter,
): boolean {
  return (
    (filter.key === undefined || nameOf(filter.key) === nameOf(key)) &&
    (filter.source === undefined || filter.source === key.source) &&
    (filter.type === undefined || filter.type === type) &&
    (filter.handler === undefined || filter.handler === handler) &&
    endedAt >= since &&
    endedAt < until
  )
}
