import { WebhookError } from '@posthorn/schema'
import type { Clock } from './ports/clock'

const waitsMs = [10, 25, 50, 100, 250, 500, 1_000]

/** Tries again for about two seconds while the store says `store_busy`: a handler that succeeded should not run again for that. */
export async function whileBusy<Result>(
  clock: Clock,
  step: () => Result | PromiseLike<Result>,
): Promise<Result> {
  for (const waitMs of waitsMs) {
    try {
      return await step()
    } catch (error) {
      if (!WebhookError.is(error, 'store_busy')) throw error
    }
    await clock.sleep(waitMs)
  }
  return step()
}
