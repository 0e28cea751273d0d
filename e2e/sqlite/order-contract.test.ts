import { orderContract } from '@posthorn/receiver/testing'
import { sqliteOrder } from '@posthorn/sqlite/receiver'
import { openSqlite } from '@posthorn/sqlite/sender'
import { describe, it } from 'vitest'
import { onFiles } from './folders'

const handles = new WeakMap<object, Awaited<ReturnType<typeof openSqlite>>>()

async function open(path: string, clock?: Parameters<typeof sqliteOrder>[1]) {
  const db = await openSqlite(path)
  const store = sqliteOrder(db, clock)
  handles.set(store, db)
  return store
}

function transaction<Result>(store: object, work: (tx: unknown) => Result): Result {
  const db = handles.get(store)
  if (!db) throw new TypeError('no handle')
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work(db)
    db.exec('COMMIT')
    return result
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

orderContract({
  runner: { describe, it },
  name: 'SQLite in memory, fake clock',
  clock: 'fake',
  host: { kind: 'sync', transaction },
  create: ({ clock }) => open(':memory:', { clock }),
})

orderContract({
  // Each law has a file of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'SQLite on a file, own clock, two handles',
  clock: 'own',
  host: { kind: 'sync', transaction },
  ...onFiles((path) => open(path)),
})
