import { type Duration, parseDuration } from '@posthorn/schema'
import { checkFields, refusal } from '../checks'
import type { OrderPolicy, RateLimit } from '../model/endpoint'

/**
 * At most `limit` requests begin in any time of length `per`, over all workers; they are spread over it, and after a pause a twentieth of the
 * limit, and one, may come at once.
 */
export interface EndpointRateLimit {
  /** From 1 to 100,000. */
  readonly limit: number
  /** From `'1s'` to `'24h'`. */
  readonly per: Duration
}

const invalid = refusal('invalid_endpoint')
export const highestLimit = 100_000
const shortestMs = 1_000
const longestMs = 86_400_000

export function checkRateLimit(value: EndpointRateLimit): RateLimit {
  checkFields('rateLimit', value, ['limit', 'per'], invalid)
  const { limit, per } = value
  if (!Number.isInteger(limit) || limit < 1 || limit > highestLimit)
    throw invalid('rateLimit.limit', 'must be a whole number from 1 to 100,000')
  const perMs = duration(per, 'rateLimit.per')
  if (perMs < shortestMs || perMs > longestMs)
    throw invalid('rateLimit.per', "must be from '1s' to '24h'")
  return { limit, perMs }
}

export const viewRateLimit = ({ limit, perMs }: RateLimit): EndpointRateLimit => ({
  limit,
  per: `${perMs}ms`,
})

export function checkOrdered(value: OrderPolicy): OrderPolicy {
  if (value === 'block' || value === 'proceed') return value
  throw invalid('ordered', "must be 'block' or 'proceed'")
}

/** A tenant's bad duration is bad input, not a programmer's mistake. */
export function duration(value: Duration, field: string): number {
  try {
    return parseDuration(value, field)
  } catch {
    throw invalid(field, "must be a duration such as '500ms', '15s', '24h'")
  }
}
