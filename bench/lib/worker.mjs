import { createClient } from './client.mjs'
import { createGroup } from './group.mjs'
import { createPump } from './pump.mjs'

/**
 * Claims, delivers and records in groups: what the stacks by hand share.
 *
 * A row that `claim` answers has an `id` and a `body`; `settle` gets `{ row, at, status }` of each delivery in a group. `claim` and `settle` may
 * be synchronous.
 */
export function createWorker({ claim, settle, origin, concurrency, onDelivered, ahead }) {
  const client = createClient(origin, concurrency)
  let inFlight = 0
  const tell = (results) => {
    for (const _result of results) onDelivered()
  }
  const write = (results) => {
    const settled = settle(results)
    return settled === undefined ? tell(results) : settled.then(() => tell(results))
  }
  const results = createGroup(write, () => Math.max(1, Math.min(200, inFlight)))
  const deliver = async (row) => {
    inFlight += 1
    const at = Date.now()
    const status = await client.post(row.id, row.body)
    if (status !== 204) throw new Error(`answered with ${status}`)
    results.add({ row, at, status })
    inFlight -= 1
  }
  const pump = createPump({ claim, deliver, concurrency, ahead })
  return {
    start: pump.start,
    wake: pump.wake,
    async close() {
      await pump.stop()
      await results.idle()
      await client.close()
    },
  }
}
