import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { createAttemptLog } from '../../lib/attempt-log.mjs'
import { createWorker } from '../../lib/worker.mjs'

const name = 'webhooks'
const batch = 200
const retries = { retryLimit: 10, retryDelay: 5, retryBackoff: true }

/** pg-boss, tuned: fetched and completed in batches, the next fetched before the last are gone, wake-up within the process. */
export async function open({ database, ...rest }) {
  const boss = new PgBoss({ connectionString: database, max: 10, schedule: false })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  await boss.createQueue(name, retries)
  const pool = new pg.Pool({ connectionString: database, max: 2 })
  const log = await createAttemptLog(pool)
  const claim = async () => {
    const jobs = await boss.fetch(name, { batchSize: batch })
    return jobs.map(({ id, data }) => ({
      job: id,
      id: data.id,
      body: Buffer.from(JSON.stringify(data)),
    }))
  }
  const settle = async (results) => {
    await log(results.map(({ row, at, status }) => ({ id: row.id, attempt: 1, at, status })))
    await boss.complete(
      name,
      results.map(({ row }) => row.job),
    )
  }
  const worker = createWorker({ ...rest, claim, settle, ahead: batch / 2 })
  const poll = setInterval(worker.wake, 500)
  const awake = (sent) => sent.then(worker.wake)
  return {
    send: (event) => awake(boss.send(name, event)),
    sendMany: (events) =>
      awake(
        boss.insert(
          name,
          events.map((data) => ({ data })),
        ),
      ),
    start: worker.start,
    async close() {
      clearInterval(poll)
      await worker.close()
      await boss.stop({ graceful: false })
      await pool.end()
    },
  }
}
