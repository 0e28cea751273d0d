import { existsSync, readFileSync } from 'node:fs'
import { memoryStore } from '@posthorn/sender/memory'
import { openSqlite, type SqliteDatabase, sqliteStore } from '@posthorn/sqlite/sender'
import { afterEach, describe, expect, it } from 'vitest'
import { createFolders } from '../sqlite/folders'
import { everythingOf, found } from './canaries'
import { everything } from './everything'
import { makeScene } from './scene'

const folders = createFolders()
const made: object[] = []
afterEach(() => folders.remove(made.splice(0)))

/** Every value of every column of every table. */
function columns(db: SqliteDatabase): string {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  return tables
    .map((table) =>
      everythingOf(
        db.prepare(`SELECT * FROM "${String(Reflect.get(Object(table), 'name'))}"`).all(),
      ),
    )
    .join('\n')
}

describe('canary secrets', () => {
  it('are looked for in a way that finds them', () => {
    const { canaries } = makeScene(memoryStore())
    const names = Object.keys(canaries)
    expect(names.length).toBeGreaterThanOrEqual(20)
    expect(found(canaries, everythingOf(canaries))).toEqual(names)
    expect(found(canaries, everythingOf(new TypeError(canaries.serviceError)))).toEqual([
      'serviceError',
    ])
    const hidden = { deep: [{ bytes: Buffer.from(canaries.bearerToken) }] }
    expect(found(canaries, everythingOf(hidden))).toEqual(['bearerToken'])
  })

  it('reach the receiver, and no answer, error, log line, event or record of the memory store', async () => {
    const store = memoryStore()
    const { out, canaries, requests } = await everything(store)
    const sent = everythingOf(requests)
    for (const name of ['sensitiveHeader', 'bearerToken', 'accessToken', 'authorizationHeader'])
      expect(found(canaries, sent)).toContain(name)
    expect(out.length).toBeGreaterThan(200)
    expect(found(canaries, out.join('\n'))).toEqual([])
  })

  it('are in no column and no byte of a SQLite file or its log, and in no answer', async () => {
    const path = folders.file()
    made.push(folders.remember({}, path))
    const db = await openSqlite(path)
    const { out, canaries } = await everything(sqliteStore(db))
    expect(found(canaries, out.join('\n'))).toEqual([])
    const rows = columns(db)
    expect(rows).toContain('webhook-timestamp')
    expect(rows).toContain('v1:kms:kms:')
    expect(found(canaries, rows)).toEqual([])
    const files = [path, `${path}-wal`].filter((file) => existsSync(file))
    expect(files).toHaveLength(2)
    for (const file of files) expect(found(canaries, readFileSync(file))).toEqual([])
    db.close()
  })
})
