import { parseDuration } from '@posthorn/schema'
import type { Fault, Faults } from './faults'

/** A queue of faults. */
export interface FaultPlan {
  readonly faults: Faults
  /** The fault of the next request, if one is planned. */
  next(): Fault | undefined
}

export function createPlan(): FaultPlan {
  let queue: Fault[] = []
  const add = (fault: Fault, times = 1): Faults => {
    if (!Number.isInteger(times) || times < 0)
      throw new TypeError('a fault happens a whole number of times')
    queue.push(...Array.from({ length: times }, () => fault))
    return faults
  }
  const answer = (status: number, headers = {}) => ({ kind: 'answer', status, headers }) as const
  const faults: Faults = {
    fail: (times, status = 500) => add(answer(status), times),
    gone: () => add(answer(410)),
    tooManyRequests: (retryAfter) =>
      add(answer(429, { 'retry-after': seconds(parseDuration(retryAfter)) })),
    hang: (times) => add({ kind: 'hang' }, times),
    slow: (by) => add({ kind: 'slow', by }),
    truncate: () => add({ kind: 'truncate' }),
    reset: (times) => add({ kind: 'reset' }, times),
    loseAnswer: (times) => add({ kind: 'lose-answer' }, times),
    clear: () => {
      queue = []
      return faults
    },
  }
  return { faults, next: () => queue.shift() }
}

function seconds(ms: number): string {
  return String(Math.ceil(ms / 1000))
}
