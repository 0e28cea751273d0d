import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite, sqliteIdempotency } from '@posthorn/sqlite/receiver'

/** A store on a fresh file, committed with `synchronous = FULL`; the file goes with the process. */
export async function store() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return sqliteIdempotency(await openSqlite(join(folder, 'receiver.db')))
}
