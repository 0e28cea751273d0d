/** Where a store's time comes from. */
export interface TimeSource {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

/** The machine's wall clock. */
export const systemTime: TimeSource = { now: () => Date.now() }
