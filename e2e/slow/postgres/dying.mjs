/**
 * A pool whose process kills itself as soon as its `nth` statement is done, or, with `before`, as it would begin: what was committed by then
 * is there, and nobody is left to be told.
 */
export function dyingAt(pool, { nth, before = false }) {
  let count = 0
  const run = async (query) => {
    count += 1
    if (count !== nth) return query()
    if (!before) await query().catch(() => {})
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => {})
  }
  return {
    get totalCount() {
      return pool.totalCount
    },
    query: (text, values) => run(() => pool.query(text, values)),
    async connect() {
      const client = await pool.connect()
      return {
        query: (text, values) => run(() => client.query(text, values)),
        release: (broken) => client.release(broken),
      }
    },
  }
}
