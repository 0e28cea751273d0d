import { WebhookError } from '@posthorn/schema'
import pRetry from 'p-retry'

/**
 * Repeats a store call that found the database busy: a few milliseconds at a time, about 150 ms in all. Deliveries' own retries are durable
 * and live in the store instead.
 */
export function whileBusy<Result>(call: () => Promise<Result>): Promise<Result> {
  return pRetry(call, {
    retries: 5,
    minTimeout: 5,
    factor: 2,
    shouldRetry: ({ error }) => WebhookError.is(error, 'store_busy'),
  })
}

/**
 * The same for an outcome, which must not be lost: repeated for as long as its lease may hold. Real time on purpose: how long a database is
 * busy does not depend on the clock that decides due times.
 */
export function whileBusyFor<Result>(ms: number, call: () => Promise<Result>): Promise<Result> {
  return pRetry(call, {
    retries: 10_000,
    minTimeout: 5,
    maxTimeout: 250,
    factor: 2,
    maxRetryTime: ms,
    shouldRetry: ({ error }) => WebhookError.is(error, 'store_busy'),
  })
}
