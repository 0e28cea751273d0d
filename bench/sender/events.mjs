const note = 'x'.repeat(800)
let count = 0

/** The next event: 1 KB as it goes out. Ids differ between processes. */
export function nextEvent() {
  count += 1
  return {
    id: `evt_${process.pid}_${count}`,
    type: 'run.completed',
    timestamp: new Date().toISOString(),
    data: { runId: `run_${count}`, note },
  }
}

/** Writes `total` events in bulk, by `lanes` callers. */
export async function fill(stack, { total, lanes = 1 }) {
  let left = total
  const lane = async () => {
    while (left > 0) {
      const length = Math.min(left, 500)
      left -= length
      await stack.sendMany(Array.from({ length }, nextEvent))
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
