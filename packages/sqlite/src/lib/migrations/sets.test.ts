import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checksumOf } from './migrate'
import { receiverMigrations, senderMigrations } from './sets'

/** A line for each migration. From its first release on, none is ever changed: databases remember it. */
const checksums: Readonly<Record<string, string>> = {
  'sender/0001_initial': 'd2058c0de1a0781355ec5f2d9f5d56d8d433f920e5534ee570216e6e7aa8ee39',
  'sender/0002_endpoint_settings':
    'faeef72a53cef31560b17432f208d185d91149389b357a6cd27782ef225af8f5',
  'sender/0003_request_headers': '44b4fe157b59949526c859b0973b9722947ab04d77297eb29b5aa52fc68148db',
  'sender/0004_probing_rate_order':
    '2def05c83c0282709c235324be28cabb6cbfc16b567b1599dbdf34c268b830c5',
  'sender/0005_tenant_turns': 'e43c85d45a8cb4e331b4a73a3ad9469210de0efe23e08d3fb254fd909225a211',
  'receiver/0001_initial': '4174a38a765679b5d886b4c765a52b5cc87467977a5501135fd3a274a15bbcd9',
  'receiver/0002_inbox': 'f06bc29e2956af27574fb5bd8976f3061e409ceeb47456ae508dc7ace9bec689',
  'receiver/0003_order': '88272a23b6ac1419c65c948fbeb4230d96ede2227c50f774aecd195d470d3178',
}

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

  it.each(set.migrations)('$name is as it was', (migration) => {
    expect(checksumOf(migration)).toBe(checksums[`${set.part}/${migration.name}`])
  })
})

describe('a checksum', () => {
  it('is that of the text, whatever ends its lines', () => {
    const unix = { name: 'x', sql: 'SELECT 1;\nSELECT 2;\n' }
    expect(checksumOf({ ...unix, sql: unix.sql.replaceAll('\n', '\r\n') })).toBe(checksumOf(unix))
    expect(checksumOf({ ...unix, sql: 'SELECT 1;\nSELECT 3;\n' })).not.toBe(checksumOf(unix))
  })
})
