import { postgresStore } from '@posthorn/postgres/sender'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything, newEvent } from '../sqlite/fixtures'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server
let pool: Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 4 })
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

const refusal = expect.objectContaining({
  code: 'store_failed',
  message: expect.stringContaining('default_transaction_isolation'),
})

/** As a started worker's process sends. */
async function sentWithLease({ endpoints, deliveries }: ReturnType<typeof postgresStore>) {
  await endpoints.forTenant('default')
  const mark = endpoints.remembered?.('default')?.mark ?? ''
  return deliveries.insertAndClaim?.([{ mark, ...eventTo('ep_1') }], everything)
}

describe.each(['repeatable read', 'serializable'])('a client whose default is %s', (level) => {
  it('may send, and is refused what would break caps and rates', async () => {
    const schema = level.replace(' ', '_')
    const plain = postgresStore({ client: pool, schema })
    await plain.migrate()
    await addEndpoint(plain, 'ep_1')
    const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`
    const isolated = openPool(server.url, { max: 2, options })
    const store = postgresStore({ client: isolated, schema })
    const event = eventTo('ep_1')
    await store.deliveries.insert([event, newEvent()])
    await expect(store.deliveries.claim(everything)).rejects.toThrow(refusal)
    await expect(sentWithLease(store)).rejects.toThrow(refusal)
    const again = { tenantId: 'default', eventId: event.id, endpointId: 'ep_1' }
    const redelivery = store.deliveries.redeliver([{ ...again, id: 'again', as: 'same' }])
    await expect(redelivery).rejects.toThrow(refusal)
    expect((await plain.deliveries.claim(everything)).deliveries).toHaveLength(1)
    await isolated.end()
  })

  it('may record events in a transaction of that level', async () => {
    const schema = `${level.replace(' ', '_')}_host`
    const store = postgresStore({ client: pool, schema })
    await store.migrate()
    const client = await pool.connect()
    await client.query(`BEGIN ISOLATION LEVEL ${level}`)
    await store.host.enqueue([newEvent({ id: 'kept' })], client)
    await client.query('COMMIT')
    client.release()
    const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
    expect(events.map(({ id }) => id)).toEqual(['kept'])
  })
})
