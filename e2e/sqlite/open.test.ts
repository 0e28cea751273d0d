import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { openSqlite, type SqliteLike } from '@posthorn/sqlite/sender'
import { afterEach, describe, expect, it } from 'vitest'
import { createFolders } from './folders'

const folders = createFolders()
const made: object[] = []
const open: SqliteLike[] = []

afterEach(() => {
  for (const handle of open.splice(0)) handle.close?.()
  folders.remove(made.splice(0))
})

function hasBetterSqlite3(): boolean {
  try {
    return createRequire(import.meta.url).resolve('better-sqlite3') !== ''
  } catch {
    return false
  }
}

function newFile(): string {
  const path = folders.file()
  made.push(folders.remember({}, path))
  return path
}

async function opened(...args: Parameters<typeof openSqlite>): Promise<SqliteLike> {
  const handle = await openSqlite(...args)
  open.push(handle)
  return handle
}

function pragma(handle: SqliteLike, name: string): unknown {
  const row: unknown = handle.prepare(`PRAGMA ${name}`).get()
  return Object.values(Object(row))[0]
}

describe('openSqlite', () => {
  it('opens a file so that commits survive a power cut and readers do not wait', async () => {
    const path = newFile()
    const handle = await opened(path)
    expect(pragma(handle, 'journal_mode')).toBe('wal')
    expect(pragma(handle, 'synchronous'), 'FULL').toBe(2)
    expect(pragma(handle, 'busy_timeout')).toBe(50)
    handle.exec('CREATE TABLE t (a) ')
    expect(existsSync(path) && statSync(path).size >= 0).toBe(true)
  })

  it('takes a longer wait for locks', async () => {
    const handle = await opened(':memory:', { busyTimeout: '2s' })
    expect(pragma(handle, 'busy_timeout')).toBe(2_000)
  })

  it('opens one file for many at once', async () => {
    const path = newFile()
    const handles = await Promise.all(Array.from({ length: 5 }, () => opened(path)))
    expect(handles.map((handle) => pragma(handle, 'journal_mode'))).toEqual(Array(5).fill('wal'))
  })

  it.skipIf(hasBetterSqlite3())('says how to install a driver where there is none', async () => {
    await expect(openSqlite(':memory:', { driver: 'better-sqlite3' })).rejects.toMatchObject({
      code: 'driver_not_found',
      message: expect.stringContaining('npm install better-sqlite3'),
      details: { tried: ['better-sqlite3'] },
    })
  })

  it.runIf(process.versions.node.startsWith('20.'))(
    'knows that Node 20 has no driver',
    async () => {
      await expect(openSqlite(':memory:', { driver: 'node:sqlite' })).rejects.toMatchObject({
        code: 'driver_not_found',
        message: expect.stringMatching(/not part of Node 20.*npm install better-sqlite3/s),
      })
    },
  )

  it('says which file cannot be opened', async () => {
    await expect(openSqlite('/nowhere/at/all.db')).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('/nowhere/at/all.db'),
    })
  })

  it.each([
    ['an empty path', () => openSqlite('')],
    ['a path that is none', () => openSqlite(JSON.parse('null'))],
    ['a bare number', () => openSqlite(':memory:', { busyTimeout: JSON.parse('5') })],
    ['an unknown driver', () => openSqlite(':memory:', { driver: JSON.parse('"x"') })],
  ])('refuses %s', async (_, opening) => {
    await expect(opening()).rejects.toThrow(TypeError)
  })
})
