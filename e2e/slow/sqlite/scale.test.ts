import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { expect, it } from 'vitest'
import { addEndpoint, eventTo, everything } from '../../sqlite/fixtures'
import { createFolders } from '../../sqlite/folders'

const folders = createFolders()
const rounds = 60

/** The median time of a claim of 20 over 50 endpoints, in milliseconds, with so many deliveries queued. */
async function claimTime(queued: number): Promise<number> {
  const path = folders.file()
  const store = sqliteStore(await openSqlite(path))
  folders.remember(store, path)
  await store.migrate()
  const endpoints = Array.from({ length: 50 }, (_, index) => `ep_${index}`)
  for (const id of endpoints) await addEndpoint(store, id)
  for (let count = 0; count < queued; count += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, index) => eventTo(`ep_${index % 50}`))
    await store.deliveries.insert(events)
  }
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now()
    const { deliveries } = await store.deliveries.claim({ ...everything, limit: 20 })
    times.push(performance.now() - start)
    expect(deliveries).toHaveLength(20)
    await store.deliveries.release(deliveries.map(({ lease }) => lease))
  }
  await store.close()
  folders.remove([store])
  return times.sort((a, b) => a - b)[rounds / 2] ?? Number.NaN
}

// Other work on the machine may disturb one run, not three.
it('a claim takes as long with 200,000 deliveries queued as with 1,000', { retry: 2 }, async () => {
  const few = await claimTime(1_000)
  const many = await claimTime(200_000)
  console.log(
    `claim of 20 over 50 endpoints: ${few.toFixed(2)} ms with 1,000 queued, ${many.toFixed(2)} ms with 200,000`,
  )
  expect(many / few).toBeLessThan(3)
})
