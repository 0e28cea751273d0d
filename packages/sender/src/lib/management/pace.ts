import type { Clock } from '../ports/clock'

/** Waits, before a batch of so many, until the batches before it have had their time. */
export type Pace = (count: number) => Promise<void>

/** At most `perSecond` in a second, evenly; without it, no wait at all. A wait ends early when `stopping` is aborted. */
export function createPace(
  clock: Clock,
  perSecond: number | undefined,
  stopping: AbortSignal,
): Pace {
  if (perSecond === undefined) return async () => {}
  let freeAt = Number.NEGATIVE_INFINITY
  return async (count) => {
    await clock.sleep(freeAt - clock.now(), stopping)
    freeAt = Math.max(freeAt, clock.now()) + (count / perSecond) * 1_000
  }
}
