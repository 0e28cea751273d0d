/** Counts up to `total`, and says when that is reached. */
export function countTo(total) {
  let counted = 0
  let reach
  const reached = new Promise((resolve) => {
    reach = resolve
  })
  const count = () => {
    counted += 1
    if (counted === total) reach()
  }
  return { count, reached }
}

/** Begins to measure; the function it answers ends that, and answers the figures per delivery. */
export async function startMeters(meter) {
  const storeBefore = await meter.cpuMicros()
  const cpu = process.cpuUsage()
  const began = performance.now()
  return async function stop(deliveries) {
    const seconds = (performance.now() - began) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    const { rss } = process.memoryUsage()
    const cpuMicros = (user + system) / deliveries
    const storeMicros = ((await meter.cpuMicros()) - storeBefore) / deliveries
    return {
      perSecond: deliveries / seconds,
      cpuMicros,
      storeMicros,
      totalMicros: cpuMicros + storeMicros,
      rssMb: rss / 2 ** 20,
    }
  }
}
