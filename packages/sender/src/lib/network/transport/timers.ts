/** Time of the I/O edge: monotonic, and real unless a test says otherwise. */
export interface Timers {
  /** Milliseconds from some fixed point; never goes back. */
  now(): number
  /** Calls until stopped; keeps no process alive. */
  every(ms: number, call: () => void): () => void
  /** Calls once unless canceled; keeps no process alive. */
  after(ms: number, call: () => void): () => void
}

export const realTimers: Timers = {
  now: () => performance.now(),
  every: (ms, call) => {
    const timer = setInterval(call, ms).unref()
    return () => clearInterval(timer)
  },
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref()
    return () => clearTimeout(timer)
  },
}
