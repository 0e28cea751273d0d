import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sqliteIdempotency } from '@posthorn/sqlite/receiver'
import { openSqlite, type SqliteLike, sqliteStore } from '@posthorn/sqlite/sender'
import { afterEach, describe, expect, it } from 'vitest'
import { hostHandle } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
const made: object[] = []

afterEach(() => folders.remove(made.splice(0)))

function newFile(): string {
  const path = folders.file()
  made.push(folders.remember({}, path))
  return path
}

const child = fileURLToPath(new URL('./migrate-child.ts', import.meta.url))

function migrations(db: SqliteLike): unknown {
  return db.prepare('SELECT part, version, name FROM posthorn_migrations ORDER BY part').all()
}

const stepsOf = (part: 'sender' | 'receiver') =>
  readdirSync(new URL(`../../packages/sqlite/migrations/${part}`, import.meta.url))
    .sort()
    .map((file, index) => ({ part, version: index + 1, name: file.replace(/\.sql$/, '') }))

const senderSteps = stepsOf('sender')

describe('migrate', () => {
  it('runs once, however many processes ask at the same moment', async () => {
    const path = newFile()
    const children = [1, 2, 3].map(() => fork(child, [path], { execArgv: ['--import', 'tsx'] }))
    await Promise.all(children.map((process) => once(process, 'message')))
    const answers = children.map((process) => once(process, 'message'))
    for (const process of children) process.send('go')
    expect(await Promise.all(answers)).toEqual([1, 2, 3].map(() => [{ pending: 0 }, undefined]))
    const db = await hostHandle(path)
    expect(migrations(db)).toEqual(senderSteps)
    db.close()
  })

  it('keeps the parts of sender and receiver apart in one database', async () => {
    const db = await hostHandle(newFile())
    await sqliteIdempotency(db).migrate()
    await sqliteStore(db).migrate()
    await sqliteStore(db).migrate()
    expect(migrations(db)).toEqual([...stepsOf('receiver'), ...senderSteps])
    db.close()
  })

  it('refuses a database that a newer version migrated', async () => {
    const db = await openSqlite(':memory:')
    const store = sqliteStore(db)
    await store.migrate()
    const found = senderSteps.length + 1
    db.exec(`INSERT INTO posthorn_migrations VALUES ('sender', ${found}, 'next', 'x', 0)`)
    await expect(store.migrate()).rejects.toMatchObject({
      code: 'store_too_new',
      details: { part: 'sender', found, known: senderSteps.length },
    })
    await sqliteIdempotency(db).migrate()
  })

  it('refuses a database whose migration had another text', async () => {
    const db = await openSqlite(':memory:')
    const store = sqliteStore(db)
    await store.migrate()
    db.exec("UPDATE posthorn_migrations SET checksum = 'x'")
    await expect(store.migrate()).rejects.toMatchObject({
      code: 'store_failed',
      details: { part: 'sender', name: '0001_initial' },
    })
  })

  it('leaves nothing behind when it fails half-way', async () => {
    const db = await openSqlite(':memory:')
    db.exec('CREATE TABLE posthorn_tallies (clash)')
    const store = sqliteStore(db)
    await expect(store.migrate()).rejects.toMatchObject({ code: 'store_failed' })
    db.exec('DROP TABLE posthorn_tallies')
    await store.migrate()
    expect((await store.log.statistics()).pending).toBe(0)
  })

  it("waits for a transaction of the host's to end", async () => {
    const db = await hostHandle(newFile())
    db.exec('BEGIN IMMEDIATE')
    const store = sqliteStore(db)
    setTimeout(() => db.exec('ROLLBACK'), 60)
    await store.migrate()
    expect((await store.log.statistics()).pending).toBe(0)
    db.close()
  })
})
