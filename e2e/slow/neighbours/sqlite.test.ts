import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { afterAll } from 'vitest'
import { createFolders } from '../../sqlite/folders'
import { proveNeighbours } from './proofs'

const folders = createFolders()
const made: object[] = []
afterAll(() => folders.remove(made))

proveNeighbours('SQLite', async () => {
  const path = folders.file()
  made.push(folders.remember({}, path))
  return sqliteStore(await openSqlite(path))
})
