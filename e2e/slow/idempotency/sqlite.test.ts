import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite, sqliteIdempotency } from '@posthorn/sqlite/receiver'
import { afterEach, expect, it } from 'vitest'
import { notOnce, storm, total } from './storm'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function database() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-storm-'))
  folders.push(folder)
  const path = join(folder, 'receiver.db')
  const db = await openSqlite(path)
  await sqliteIdempotency(db).migrate()
  db.exec('CREATE TABLE effects (id TEXT NOT NULL)')
  const ofOne = db.prepare('SELECT count(*) AS times FROM effects WHERE id = ?')
  const effectsOf = async (id: string) => Number(Reflect.get(Object(ofOne.get(id)), 'times'))
  return { store: { kind: 'sqlite', path }, effectsOf }
}

it('on SQLite, 4 processes run every handler exactly once, and none answers 2xx too early', async () => {
  const { store } = await database()
  const result = await storm({ store })
  console.log({ store: 'sqlite', statuses: result.statuses })
  expect(notOnce(result.began)).toEqual([])
  expect(notOnce(result.ended)).toEqual([])
  expect(result.premature).toEqual([])
})

it('on SQLite, in transactional mode, every effect is there once although processes are killed', async () => {
  const { store, effectsOf } = await database()
  const result = await storm({ store, effectsOf, transactional: true, kills: true })
  const { kills, statuses } = result
  console.log({ store: 'sqlite', kills, handlersBegan: total(result.began), statuses })
  expect(notOnce(result.effects)).toEqual([])
  expect(result.premature).toEqual([])
  expect(kills).toBeGreaterThan(10)
  expect(total(result.began), 'no kill hit a handler').toBeGreaterThan(200)
})
