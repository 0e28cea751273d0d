import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll } from 'vitest'

/** Two clients of each library, and a prefix of this run alone, whose keys are gone afterwards. */
export function openClients(url: string) {
  const run = `posthorn-test:${randomUUID()}:`
  const io = [new Redis(url), new Redis(url)] as const
  const node = [createClient({ url }), createClient({ url })] as const
  for (const client of [...io, ...node]) client.on('error', () => {})
  const connected = Promise.all(node.map((client) => client.connect()))
  // Whoever waits for it is told; before that it is nobody's.
  connected.catch(() => {})

  afterAll(async () => {
    for await (const keys of io[0].scanStream({ match: `${run}*`, count: 1_000 })) {
      if (keys.length > 0) await io[0].del(...keys)
    }
    for (const client of io) client.disconnect()
    for (const client of node) client.destroy()
  })
  return { run, io, node, connected }
}
