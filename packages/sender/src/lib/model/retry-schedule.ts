/** When a delivery is tried again. All times in milliseconds. */
export interface RetryPolicy {
  /** Delay before each attempt; the first is the delay before the first attempt. */
  readonly schedule: readonly number[]
  /** Share of a delay that is added at random: 0.2 adds up to 20 %. */
  readonly jitter: number
  readonly maxAttempts: number
  readonly maxAge: number
}
