import { startPostgres } from '../lib/postgres.mjs'
import { startRedis } from '../lib/redis.mjs'

const starters = { postgres: startPostgres, redis: startRedis }
const without = {
  postgres: 'Postgres did not start',
  redis: 'no REDIS_URL, no redis-server on the PATH, nobody on 127.0.0.1:6379',
}

/**
 * Starts the servers that the stacks need: one of each for the whole run. What does not start is missing, and says why.
 *
 * @returns `running`, by store; `missing`, the reasons by store; `stop()`
 */
export async function startServices(stacks) {
  const running = {}
  const missing = {}
  for (const [store, start] of Object.entries(starters)) {
    if (!stacks.some((stack) => stack.store === store)) continue
    try {
      const service = await start()
      if (service === undefined) missing[store] = without[store]
      else running[store] = service
    } catch (error) {
      missing[store] = `${without[store]}: ${error.message}`
    }
  }
  const stop = () => Promise.all(Object.values(running).map((service) => service.stop()))
  return { running, missing, stop }
}
