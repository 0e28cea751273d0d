import { postgresIdempotency } from '@posthorn/postgres/receiver'
import type { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'
import { notOnce, storm, total } from './storm'

let server: Server | undefined
let pool: Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url)
  await postgresIdempotency({ client: pool }).migrate()
  await pool.query('CREATE TABLE effects (id text NOT NULL)')
})

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

beforeEach(() => pool.query('TRUNCATE effects, posthorn.claims'))

const effectsOf = async (id: string) => {
  const { rows } = await pool.query('SELECT count(*)::int AS times FROM effects WHERE id = $1', [
    id,
  ])
  return Number(rows[0]?.times)
}

it('on Postgres, 4 processes run every handler exactly once, and none answers 2xx too early', async () => {
  const result = await storm({ store: { kind: 'postgres', url: server?.url } })
  console.log({ store: 'postgres', statuses: result.statuses })
  expect(notOnce(result.began)).toEqual([])
  expect(notOnce(result.ended)).toEqual([])
  expect(result.premature).toEqual([])
})

it('on Postgres, in transactional mode, every effect is there once although processes are killed', async () => {
  const store = { kind: 'postgres', url: server?.url }
  const result = await storm({ store, effectsOf, transactional: true, kills: true })
  const { kills, statuses } = result
  console.log({ store: 'postgres', kills, handlersBegan: total(result.began), statuses })
  expect(notOnce(result.effects)).toEqual([])
  expect(result.premature).toEqual([])
  expect(kills).toBeGreaterThan(10)
  expect(total(result.began), 'no kill hit a handler').toBeGreaterThan(200)
})
