import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { createApp } from './app'
import { receiver } from './webhooks'

const name = process.env.QUEUE ?? 'webhooks'
const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
const WEEK_SECONDS = 7 * 86_400

const queue = new Queue(name, {
  connection: new Redis(url),
  defaultJobOptions: {
    attempts: 20,
    backoff: { type: 'exponential', delay: 1_000 },
    // A copy of a webhook is known by the job that is still there.
    removeOnComplete: { age: WEEK_SECONDS },
  },
})

const worker = new Worker(name, (job) => receiver.dispatch(job.data), {
  connection: new Redis(url, { maxRetriesPerRequest: null }),
})

queue.on('error', console.error)
worker.on('error', console.error)

const server = createApp(queue).listen(Number(process.env.PORT ?? 3000))

process.once('SIGTERM', async () => {
  server.close()
  await worker.close()
  await queue.close()
})
