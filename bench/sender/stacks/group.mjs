const windowMs = 2

/** Group commit: `write` gets what came within 2 ms, or sooner `largest` of it, in one go. */
export function createGroup(write, largest) {
  let waiting = []
  let timer
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const batch = waiting
    waiting = []
    if (batch.length > 0) write(batch)
  }
  return {
    add(item) {
      waiting.push(item)
      if (waiting.length >= largest()) flush()
      else timer ??= setTimeout(flush, windowMs)
    },
    flush,
  }
}
