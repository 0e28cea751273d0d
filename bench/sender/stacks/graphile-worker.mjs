import { EventEmitter } from 'node:events'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { createAttemptLog } from '../../lib/attempt-log.mjs'
import { createClient } from '../../lib/client.mjs'
import { createBatcher } from '../../lib/group.mjs'

const task = 'webhook'
const logger = new Logger(() => () => {})

/** Graphile Worker, tuned: a local queue, jobs completed in batches, attempts logged in groups; it is woken by NOTIFY. */
export async function open({ database, origin, concurrency, onDelivered }) {
  const pgPool = new pg.Pool({ connectionString: database, max: 12 })
  const complain = (error) => console.error(error.message)
  pgPool.on('error', complain).on('connect', (client) => client.on('error', complain))
  const utils = await makeWorkerUtils({ pgPool, logger })
  await utils.migrate()
  const log = createBatcher(await createAttemptLog(pgPool))
  const client = createClient(origin, concurrency)
  const deliver = async (event, { job }) => {
    const at = Date.now()
    const status = await client.post(event.id, Buffer.from(JSON.stringify(event)))
    await log({ id: event.id, attempt: job.attempts, at, status })
    if (status !== 204) throw new Error(`answered with ${status}`)
  }
  const events = new EventEmitter()
  events.on('job:complete', ({ error }) => {
    if (!error) onDelivered()
  })
  const worker = {
    concurrentJobs: concurrency,
    localQueue: { size: 500 },
    completeJobBatchDelay: 5,
  }
  let runner
  return {
    send: (event) => utils.addJob(task, event, { maxAttempts: 10 }),
    sendMany: (many) =>
      utils.addJobs(many.map((payload) => ({ identifier: task, payload, maxAttempts: 10 }))),
    async start() {
      const taskList = { [task]: deliver }
      runner = await run({
        pgPool,
        logger,
        events,
        noHandleSignals: true,
        taskList,
        preset: { worker },
      })
    },
    async close() {
      await runner?.stop()
      await utils.release()
      await client.close()
      await pgPool.end()
    },
  }
}
