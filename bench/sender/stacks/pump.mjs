/** Keeps `concurrency` deliveries under way, once started: `claim` answers the next rows, an empty array when there are none. */
export function createPump(claim, concurrency, deliver) {
  let started = false
  let inFlight = 0
  let ready = []
  let next = 0
  const wake = () => {
    if (!started) return
    while (inFlight < concurrency) {
      if (next === ready.length) {
        ready = claim()
        next = 0
        if (ready.length === 0) return
      }
      inFlight += 1
      void run(ready[next++])
    }
  }
  const run = async (row) => {
    await deliver(row)
    inFlight -= 1
    wake()
  }
  const start = () => {
    started = true
    wake()
  }
  return { start, wake }
}
