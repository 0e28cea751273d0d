import type { RateLimit } from './endpoint'

/** How far apart requests begin, and how many of them a pause saves up. */
export interface Pace {
  readonly intervalMs: number
  readonly spare: number
}

/** Part of the limit that may come at once after a pause: it makes up for workers that are late. */
const SPARE_SHARE = 1 / 20
/** By how much rounding may be out, far below what a clock tells. */
const ROUNDING_MS = 1e-3

/**
 * A limit as GCRA keeps it. What may come at once is taken off the rate, so that no window holds more than the limit: one that opens with
 * `1 + spare` requests has room for `limit - spare - 1` intervals before it ends.
 */
export function paceOf({ limit, perMs }: RateLimit): Pace {
  const spare = Math.floor(limit * SPARE_SHARE)
  return { intervalMs: perMs / (limit - spare), spare }
}

/** How many requests may begin now. `due` is when the next one would, if each took its interval. */
export function startsAllowed({ intervalMs, spare }: Pace, due: number, now: number): number {
  const ahead = Math.max(0, due - now - ROUNDING_MS) / intervalMs
  return Math.max(0, Math.floor(spare - ahead) + 1)
}

/** What `due` becomes when so many begin now. */
export function dueAfter({ intervalMs }: Pace, due: number, now: number, starts: number): number {
  return Math.max(due, now) + starts * intervalMs
}

/** The first whole millisecond at which one more may begin. */
export function opensAt({ intervalMs, spare }: Pace, due: number): number {
  return Math.ceil(due - spare * intervalMs - ROUNDING_MS)
}
