import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createDatabase } from '../lib/postgres.mjs'
import { redisCpuMicros } from '../lib/redis.mjs'

const concurrency = 100

/** One scenario of one stack, on a fresh folder, database or Redis. */
export async function run({ stack, scenario, services, ...settings }) {
  const [{ measure }, place] = await Promise.all([
    import(`./scenarios/${scenario}.mjs`),
    createPlace(stack, services),
  ])
  try {
    const open = (given) => openStack(stack, { ...place.settings, ...given })
    return await measure({ open, meter: place.meter, stack, place: place.settings }, settings)
  } finally {
    await place.remove()
  }
}

export async function openStack({ file, options }, place) {
  const { open } = await import(`./stacks/${file}.mjs`)
  return open({ concurrency, ...options, ...place })
}

/**
 * Where a stack keeps its data. Its meter tells the CPU time of the store's own processes so far, and settles the store after a load.
 */
async function createPlace({ store }, services) {
  if (store === 'postgres') {
    const { url: database, drop, ...meter } = await createDatabase(services.postgres)
    return { settings: { database }, meter, remove: drop }
  }
  if (store === 'redis') {
    const redis = new Redis(services.redis.url)
    const meter = { cpuMicros: () => redisCpuMicros(redis), settle: async () => {} }
    return {
      // It may hold other things.
      settings: { redis: services.redis.url, prefix: `posthorn-bench-${process.pid}` },
      meter,
      remove: async () => redis.disconnect(),
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
  return {
    settings: { folder },
    // It runs in the process of the stack.
    meter: { cpuMicros: async () => 0, settle: async () => {} },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
