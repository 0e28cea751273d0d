import { WebhookError } from '@posthorn/schema'
import pRetry, { type Options } from 'p-retry'

/**
 * Repeats a store call that found the database busy: a few milliseconds at a time, about 150 ms in all. Deliveries' own retries are durable
 * and live in the store instead.
 */
export function whileBusy<Result>(call: () => Promise<Result>): Promise<Result> {
  return withRetries(call, { retries: 5, minTimeout: 5, factor: 2 })
}

/**
 * The same for an outcome, which must not be lost: repeated for as long as its lease may hold. Real time on purpose: how long a database is
 * busy does not depend on the clock that decides due times.
 */
export function whileBusyFor<Result>(ms: number, call: () => Promise<Result>): Promise<Result> {
  const terms = { retries: 10_000, minTimeout: 5, maxTimeout: 250, factor: 2, maxRetryTime: ms }
  return withRetries(call, terms)
}

/** Nearly every call succeeds at once: it is made without the machinery for those that do not. */
async function withRetries<Result>(call: () => Promise<Result>, terms: Options): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    if (!isBusy(error)) throw error
    return pRetry(call, { ...terms, shouldRetry: (failed) => isBusy(failed.error) })
  }
}

const isBusy = (error: unknown): boolean => WebhookError.is(error, 'store_busy')
