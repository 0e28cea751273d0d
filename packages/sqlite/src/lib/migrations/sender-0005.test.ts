import { expect, it } from 'vitest'
import { connectionTo } from '../connection'
import { openSqlite } from '../open-sqlite'
import { migrate } from './migrate'
import { senderMigrations } from './sets'

const now = () => 0

it('lets the tenants of lanes that stand in line stand in one, at the place of the first', async () => {
  const connection = connectionTo(await openSqlite(':memory:'))
  const before = { ...senderMigrations, migrations: senderMigrations.migrations.slice(0, 4) }
  await migrate(connection, before, now)
  for (const [lane, tenant, failing, turn] of [
    [1, 'acme', 0, 7],
    [2, 'acme', 0, 5],
    [3, 'acme', 1, 4],
    [4, 'globex', 0, 6],
    [5, 'idle', 0, null],
  ] as const) {
    connection.run(
      `INSERT INTO posthorn_endpoints (seq, tenant_id, id, revision, changed, created_at, updated_at, url,
        event_types, status, headers, secrets, metadata)
        VALUES (?, ?, 'ep_' || ?, 1, 1, 0, 0, 'https://example.com', '[]', 'enabled', '{}', '[]', '{}')`,
      lane,
      tenant,
      lane,
    )
    connection.run(
      'INSERT INTO posthorn_lanes (lane, failing, opens_at, turn, solo_turn) VALUES (?, ?, 0, ?, 0)',
      lane,
      failing,
      turn,
    )
  }
  await migrate(connection, senderMigrations, now)
  const turns = () =>
    connection
      .all('SELECT failing, tenant_id, turn FROM posthorn_turns ORDER BY turn')
      .map(({ failing, tenant_id, turn }) => [failing, tenant_id, turn])
  expect(turns()).toEqual([
    [1, 'acme', 4],
    [0, 'acme', 5],
    [0, 'globex', 6],
  ])
  connection.run('UPDATE posthorn_lanes SET turn = NULL WHERE lane = 2')
  connection.run('UPDATE posthorn_lanes SET failing = 0 WHERE lane = 3')
  connection.run('DELETE FROM posthorn_lanes WHERE lane = 4')
  connection.run('UPDATE posthorn_lanes SET turn = 9 WHERE lane = 5')
  expect(turns()).toEqual([
    [0, 'acme', 5],
    [0, 'idle', 9],
  ])
})
