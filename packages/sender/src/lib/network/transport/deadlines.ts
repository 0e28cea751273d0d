import { type Link, List } from './list'
import type { Timers } from './timers'

/** Told once, at most one tick late or, after a stall of the process, two, unless its entry was removed before. */
export interface Expiring {
  expired(): void
}

/** One deadline; made by `add`, given back to `remove`. */
export interface Entry {
  readonly dueAt: number
  readonly queue: List<Due>
  readonly link: Link<Due>
}

interface Due {
  readonly dueAt: number
  readonly owner: Expiring
}

export interface Deadlines {
  add(ms: number, owner: Expiring): Entry
  /** Does nothing to an entry that has expired or was removed. */
  remove(entry: Entry): void
  /** How many are waiting. */
  readonly size: number
}

const tickMs = 50
/** A tick so late says that the process stood still: what came meanwhile has not been read. */
const stalledMs = 5 * tickMs

/**
 * Deadlines of many requests on one timer.
 *
 * Those of one duration expire in the order they began, so each duration has a first-in-first-out list, and a tick looks at its head
 * alone. The timer runs only while something waits.
 *
 * Node runs timers before it reads sockets. After a stall nothing expires at the first tick, so that an answer which had arrived in time is
 * read, and no endpoint is blamed for a busy process.
 */
export function createDeadlines(timers: Timers): Deadlines {
  const queues = new Map<number, List<Due>>()
  let size = 0
  let stop: (() => void) | undefined
  const stall = createStallWatch()

  const expire = (queue: List<Due>, now: number): void => {
    for (
      let head = queue.first;
      head !== undefined && head.value.dueAt <= now;
      head = queue.first
    ) {
      queue.remove(head)
      size--
      head.value.owner.expired()
    }
  }

  const tick = (): void => {
    const now = timers.now()
    if (stall.passesOver(now)) return
    for (const [ms, queue] of queues) {
      expire(queue, now)
      if (queue.first === undefined) queues.delete(ms)
    }
    if (size > 0) return
    stop?.()
    stop = undefined
  }

  return {
    add(ms, owner) {
      let queue = queues.get(ms)
      if (queue === undefined) {
        queue = new List()
        queues.set(ms, queue)
      }
      const dueAt = timers.now() + ms
      size++
      if (stop === undefined) {
        stall.begin(timers.now())
        stop = timers.every(tickMs, tick)
      }
      return { dueAt, queue, link: queue.append({ dueAt, owner }) }
    },
    remove({ queue, link }) {
      if (queue.remove(link)) size--
    },
    get size() {
      return size
    },
  }
}

/** Says which ticks are to be passed over; never two in a row, or in a process that is always late nothing would ever expire. */
function createStallWatch() {
  let tickedAt = 0
  let passedOver = false
  return {
    begin(now: number) {
      tickedAt = now
    },
    passesOver(now: number): boolean {
      passedOver = now - tickedAt > stalledMs && !passedOver
      tickedAt = now
      return passedOver
    },
  }
}
