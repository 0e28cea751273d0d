/**
 * Keeps `concurrency` deliveries under way, once started. `claim` answers the next rows, or a promise of them; none: it rests until `wake`. It is
 * asked again when no more than `ahead` claimed rows are left.
 */
export function createPump({ claim, deliver, concurrency, ahead = 0 }) {
  let state = 'waiting'
  let inFlight = 0
  let claiming = false
  let more = true
  let ready = []
  let next = 0
  let emptied = () => {}

  const run = () => {
    if (state !== 'running') return
    while (inFlight < concurrency && next < ready.length) void begin(ready[next++])
    if (more && !claiming && ready.length - next <= ahead) void refill()
  }
  const begin = async (row) => {
    inFlight += 1
    await deliver(row)
    inFlight -= 1
    if (state === 'stopped' && inFlight === 0) emptied()
    run()
  }
  const refill = async () => {
    claiming = true
    more = false
    const rows = await claim()
    claiming = false
    if (rows.length > 0) {
      more = true
      ready = next === ready.length ? rows : [...ready.slice(next), ...rows]
      next = 0
    }
    run()
  }
  return {
    start() {
      state = 'running'
      run()
    },
    wake() {
      more = true
      run()
    },
    /** Begins nothing more; resolves when nothing is under way. */
    async stop() {
      state = 'stopped'
      if (inFlight > 0) await new Promise((resolve) => (emptied = resolve))
    },
  }
}
