/**
 * Where time comes from. The sender's clock has the same shape, so one fake clock serves both.
 *
 * Laws: `now` is the wall clock, which may be put right at any time; `sleep` resolves, and never rejects, after `ms` or as soon as `signal` is aborted, and leaves no timer behind.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
