import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite, sqliteInbox } from '@posthorn/sqlite/receiver'
import { expect, it } from 'vitest'
import { crash } from './crash'

it('on SQLite, no event that was acknowledged is lost although processes are killed, and each effect is there once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-inbox-'))
  const path = join(folder, 'inbox.db')
  const db = await openSqlite(path)
  const store = sqliteInbox(db)
  await store.migrate()
  db.exec('CREATE TABLE effects (id TEXT NOT NULL)')
  const ofOne = db.prepare('SELECT count(*) AS times FROM effects WHERE id = ?')
  const effectsOf = async (id: string) => Number(Reflect.get(Object(ofOne.get(id)), 'times'))
  const result = await crash({ settings: { kind: 'sqlite', path }, store, effectsOf })
  const { kills, answers, began } = result
  console.log({ store: 'sqlite', kills, answers, handlersBegan: began })
  expect(result).toMatchObject({ unfinished: [], unseen: [], notOnce: [] })
  expect(kills).toBeGreaterThanOrEqual(5)
  expect(began, 'no kill hit a handler').toBeGreaterThan(400)
  store.close()
  rmSync(folder, { recursive: true, force: true })
})
