import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

const limiter = new RateLimiterMemory({ points: 600, duration: 60 })

/** Counts a request; when there were too many, the seconds after which to ask again. */
export async function tooMany(source: string): Promise<number | undefined> {
  try {
    await limiter.consume(source)
    return undefined
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.ceil(refusal.msBeforeNext / 1_000)
    throw refusal
  }
}
