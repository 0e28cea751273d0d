import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { createClient } from '../../lib/client.mjs'

const name = 'webhooks'
// Retries as a sender of webhooks would want them.
const defaultJobOptions = {
  removeOnComplete: true,
  removeOnFail: true,
  attempts: 10,
  backoff: { type: 'exponential', delay: 5_000 },
}

/** BullMQ, tuned: as many at once as all the others, jobs removed when done; the log of attempts is a stream of the same Redis. */
export async function open({ redis, prefix, origin, concurrency, onDelivered }) {
  const attempts = `${prefix}:attempts`
  const connect = (options) => new Redis(redis, { maxRetriesPerRequest: null, ...options })
  const [producer, log] = [connect(), connect({ enableAutoPipelining: true })]
  const queue = new Queue(name, { connection: producer, prefix, defaultJobOptions })
  const client = createClient(origin, concurrency)
  const deliver = async ({ data, attemptsMade }) => {
    const at = Date.now()
    const status = await client.post(data.id, Buffer.from(JSON.stringify(data)))
    const attempt = ['id', data.id, 'attempt', attemptsMade + 1, 'at', at, 'status', status]
    await log.xadd(attempts, '*', ...attempt, 'ms', Date.now() - at)
    if (status !== 204) throw new Error(`answered with ${status}`)
  }
  const connection = connect()
  const worker = new Worker(name, deliver, { connection, prefix, concurrency, autorun: false })
  worker.on('completed', onDelivered)
  return {
    send: (event) => queue.add(event.type, event),
    sendMany: (events) => queue.addBulk(events.map((event) => ({ name: event.type, data: event }))),
    start: () => void worker.run(),
    async close() {
      await worker.close()
      await client.close()
      await queue.obliterate({ force: true })
      await queue.close()
      await producer.del(attempts)
      for (const each of [producer, log, connection]) each.disconnect()
    },
  }
}
