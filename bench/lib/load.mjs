import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'

/**
 * Keeps `lanes` calls of `work` under way: unmeasured for `warmUpMs` and `warmUpCalls`, so that a busy machine does not measure the
 * compiler, then measured for `ms`.
 *
 * @returns calls per second, and CPU time of this process per call in microseconds
 */
export async function load(work, { lanes, ms, warmUpMs = Math.min(1_000, ms), warmUpCalls = 0 }) {
  let stopped = false
  let done = 0
  const lane = async () => {
    for (let turn = 1; !stopped; turn += 1) {
      await work()
      done += 1
      // Work without I/O would never let a timer fire.
      if (turn % 16 === 0) await immediate()
    }
  }
  const running = Array.from({ length: lanes }, lane)
  await sleep(warmUpMs)
  while (done < warmUpCalls) await sleep(10)
  done = 0
  const cpu = process.cpuUsage()
  const began = performance.now()
  await sleep(ms)
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const calls = done
  stopped = true
  await Promise.all(running)
  return { perSecond: calls / seconds, cpuMicros: (user + system) / calls }
}
