import { createClient } from '../../lib/client.mjs'

/** The limit of the wire: from memory, nothing durable. */
export async function open({ origin, concurrency, onDelivered }) {
  const client = createClient(origin, concurrency)
  const queue = []
  const lane = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await client.post(next.id, next.body)
      onDelivered()
    }
  }
  const sendMany = async (events) => {
    for (const event of events)
      queue.push({ id: event.id, body: Buffer.from(JSON.stringify(event)) })
  }
  return {
    send: (event) => sendMany([event]),
    sendMany,
    start: () => void Array.from({ length: concurrency }, lane),
    close: () => client.close(),
  }
}
