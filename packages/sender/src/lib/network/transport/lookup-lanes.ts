import type { Lookup } from '../policy'
import { putBounded } from './bounded'
import { ConnectFailure, resolvedTooLate } from './failure'
import { type Link, List } from './list'
import type { Timers } from './timers'

/** How the last lookup of a name went; `new` where none is known. In the order in which they get a slot. */
const lanes = ['quick', 'new', 'slow'] as const
type Lane = (typeof lanes)[number]

interface Waiting {
  readonly hostname: string
  begin(): void
}

export interface LaneOptions {
  /** How many lookups the system does at once. */
  readonly slots: number
  /** How long a lookup may wait for its slot, in milliseconds. */
  readonly patienceMs: number
}

const quickMs = 1_000
const mostNames = 10_000

/**
 * Shares a resolver that does few lookups at a time, each for as long as it likes.
 *
 * Whoever registers names whose servers never answer would hold all slots, and nobody else's endpoint would be found. So names that
 * were slow, or that nobody has asked for yet, never have the last slot: it is for those that were quick. New names go before slow ones, so
 * that each dead one is in their way once. What gets no slot in time rejects with `ConnectFailure`.
 */
export function createLookupLanes(
  lookup: Lookup,
  timers: Timers,
  { slots, patienceMs }: LaneOptions,
): Lookup {
  const speeds = new Map<string, Exclude<Lane, 'new'>>()
  const queues = { quick: new List<Waiting>(), new: new List<Waiting>(), slow: new List<Waiting>() }
  const mostDoubtful = Math.max(1, slots - 1)
  let running = 0
  let doubtful = 0

  const laneOf = (hostname: string): Lane => speeds.get(hostname) ?? 'new'
  const mayBegin = (lane: Lane): boolean =>
    running < slots && (lane === 'quick' || doubtful < mostDoubtful)

  const run = async (hostname: string, lane: Lane): Promise<readonly string[]> => {
    const weight = lane === 'quick' ? 0 : 1
    const since = timers.now()
    running += 1
    doubtful += weight
    try {
      return await lookup(hostname)
    } finally {
      running -= 1
      doubtful -= weight
      const speed = timers.now() - since <= quickMs ? 'quick' : 'slow'
      putBounded(speeds, hostname, speed, mostNames)
      beginNext()
    }
  }

  const beginNext = (): void => {
    for (const lane of lanes) {
      const { first } = queues[lane]
      if (first === undefined || !mayBegin(lane)) continue
      queues[lane].remove(first)
      first.value.begin()
      return
    }
  }

  const wait = (hostname: string, lane: Lane) =>
    new Promise<readonly string[]>((accept, reject) => {
      const stop = timers.after(patienceMs, () => {
        queues[lane].remove(link)
        reject(new ConnectFailure(resolvedTooLate(hostname)))
      })
      const begin = (): void => {
        stop()
        accept(run(hostname, lane))
      }
      const link: Link<Waiting> = queues[lane].append({ hostname, begin })
    })

  return async (hostname) => {
    const lane = laneOf(hostname)
    return mayBegin(lane) ? run(hostname, lane) : wait(hostname, lane)
  }
}

/** Node looks names up on half of its threads (libuv's limit for slow work). */
export function systemSlots(threads = process.env.UV_THREADPOOL_SIZE): number {
  const size = Number.parseInt(threads ?? '4', 10)
  const bounded = Math.min(Math.max(Number.isNaN(size) ? 1 : size, 1), 1024)
  return Math.floor((bounded + 1) / 2)
}
