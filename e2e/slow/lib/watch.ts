const tickMs = 10

/** How long the process stood still at the most, in milliseconds: on shared cores that is nobody's fault who waits in it. */
export function watchStalls(): { stop(): number } {
  let worst = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    worst = Math.max(worst, now - last - tickMs)
    last = now
  }, tickMs)
  return {
    stop() {
      clearInterval(timer)
      return Math.round(worst)
    },
  }
}

/** By how many MB the process's memory grew at the most, from the call on. */
export function watchMemory(): { stop(): number } {
  const before = process.memoryUsage.rss()
  let peak = before
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const timer = setInterval(look, 2)
  return {
    stop() {
      look()
      clearInterval(timer)
      return (peak - before) / 2 ** 20
    },
  }
}
