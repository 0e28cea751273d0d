import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checksumOf } from './migrate'
import { receiverMigrations, senderMigrations } from './sets'

/** Checksums of released migrations: a line is added with each release, none is ever changed. */
const released: Readonly<Record<string, string>> = {}

const folder = new URL('../../../migrations/', import.meta.url)

describe.each([senderMigrations, receiverMigrations])('the migrations of the $part', (set) => {
  const files = readdirSync(new URL(`${set.part}/`, folder)).sort()

  it('are those of its folder, in order', () => {
    expect(set.migrations.map(({ name }) => `${name}.sql`)).toEqual(files)
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(
      files.map((_, index) => index + 1),
    )
  })

  it.each(set.migrations)('$name has the text of its file', ({ name, sql }) => {
    expect(sql).toBe(readFileSync(new URL(`${set.part}/${name}.sql`, folder), 'utf8'))
  })

  it.each(set.migrations)('$name is what was released', (migration) => {
    const key = `${set.part}/${migration.name}`
    expect(checksumOf(migration)).toBe(released[key] ?? checksumOf(migration))
  })
})

describe('a checksum', () => {
  it('is that of the text, whatever ends its lines', () => {
    const unix = { name: 'x', sql: 'SELECT 1;\nSELECT 2;\n' }
    expect(checksumOf({ ...unix, sql: unix.sql.replaceAll('\n', '\r\n') })).toBe(checksumOf(unix))
    expect(checksumOf({ ...unix, sql: 'SELECT 1;\nSELECT 3;\n' })).not.toBe(checksumOf(unix))
  })
})
