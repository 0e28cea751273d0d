import { postgresInbox } from '@posthorn/postgres/receiver'
import { expect, it } from 'vitest'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import { crash } from './crash'

it('on Postgres, no event that was acknowledged is lost although processes are killed, and each effect is there once', async () => {
  const server = await startDatabase()
  const client = openPool(server.url)
  const store = postgresInbox({ client })
  await store.migrate()
  await client.query('CREATE TABLE effects (id text NOT NULL)')
  const effectsOf = async (id: string) => {
    const sql = 'SELECT count(*)::int AS times FROM effects WHERE id = $1'
    return Number((await client.query(sql, [id])).rows[0]?.times)
  }
  const result = await crash({ settings: { kind: 'postgres', url: server.url }, store, effectsOf })
  const { kills, answers, began } = result
  console.log({ store: 'postgres', kills, answers, handlersBegan: began })
  expect(result).toMatchObject({ unfinished: [], unseen: [], notOnce: [] })
  expect(kills).toBeGreaterThanOrEqual(5)
  expect(began, 'no kill hit a handler').toBeGreaterThan(400)
  await client.end()
  await server.stop()
})
