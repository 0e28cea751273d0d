const windowMs = 2

/**
 * Group commit by time: `write` gets what came within 2 ms, or sooner `largest()` of it, in one go.
 *
 * @returns `add(item)`, and `idle()`, which resolves once all is written
 */
export function createGroup(write, largest) {
  const writes = new Set()
  let waiting = []
  let timer
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const batch = waiting
    waiting = []
    if (batch.length > 0) track(write(batch))
  }
  const track = (written) => {
    if (written === undefined) return
    writes.add(written)
    void written.then(() => writes.delete(written))
  }
  return {
    add(item) {
      waiting.push(item)
      if (waiting.length >= largest()) flush()
      else timer ??= setTimeout(flush, windowMs)
    },
    async idle() {
      flush()
      await Promise.all(writes)
    },
  }
}

/**
 * Group commit by turns: what comes while `writers` writes are under way goes together into the next, at most `largest` of it.
 *
 * @returns what adds an item, and resolves or rejects with the write that it was in
 */
export function createBatcher(write, { writers = 2, largest = 500 } = {}) {
  const waiting = []
  let writing = 0
  const turn = async () => {
    writing += 1
    while (waiting.length > 0) {
      const batch = waiting.splice(0, largest)
      await write(batch.map(({ item }) => item)).then(
        () => batch.forEach(({ resolve }) => void resolve()),
        (error) => batch.forEach(({ reject }) => void reject(error)),
      )
    }
    writing -= 1
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (writing < writers) void turn()
    })
}
