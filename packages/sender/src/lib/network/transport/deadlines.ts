import type { Timers } from './timers'

/** Told once, at most one tick late, unless its entry was removed before. */
export interface Expiring {
  expired(): void
}

/** One deadline in its list. */
export interface Entry {
  readonly dueAt: number
  readonly owner: Expiring
  readonly queue: Queue
  before: Entry | undefined
  after: Entry | undefined
  listed: boolean
}

interface Queue {
  first: Entry | undefined
  last: Entry | undefined
}

export interface Deadlines {
  add(ms: number, owner: Expiring): Entry
  remove(entry: Entry): void
  /** How many are waiting. */
  readonly size: number
}

const tickMs = 50

/**
 * Deadlines of many requests on one timer.
 *
 * Those of one duration expire in the order they began, so each duration has a first-in-first-out list, and a tick looks at its head
 * alone. The timer runs only while something waits.
 */
export function createDeadlines(timers: Timers): Deadlines {
  const queues = new Map<number, Queue>()
  let size = 0
  let stop: (() => void) | undefined

  const remove = (entry: Entry): void => {
    if (!entry.listed) return
    unlink(entry)
    size--
  }

  const tick = (): void => {
    const now = timers.now()
    for (const [ms, queue] of queues) {
      for (
        let entry = queue.first;
        entry !== undefined && entry.dueAt <= now;
        entry = queue.first
      ) {
        remove(entry)
        entry.owner.expired()
      }
      if (queue.first === undefined) queues.delete(ms)
    }
    if (size > 0) return
    stop?.()
    stop = undefined
  }

  return {
    add(ms, owner) {
      const queue = queues.get(ms) ?? { first: undefined, last: undefined }
      queues.set(ms, queue)
      const entry = link(queue, { dueAt: timers.now() + ms, owner })
      size++
      stop ??= timers.every(tickMs, tick)
      return entry
    },
    remove,
    get size() {
      return size
    },
  }
}

function link(queue: Queue, { dueAt, owner }: Pick<Entry, 'dueAt' | 'owner'>): Entry {
  const before = queue.last
  const entry: Entry = { dueAt, owner, queue, before, after: undefined, listed: true }
  if (before === undefined) queue.first = entry
  else before.after = entry
  queue.last = entry
  return entry
}

function unlink(entry: Entry): void {
  const { before, after, queue } = entry
  if (before === undefined) queue.first = after
  else before.after = after
  if (after === undefined) queue.last = before
  else after.before = before
  entry.listed = false
  entry.before = undefined
  entry.after = undefined
}
