import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['docs', 'decisions'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name)),
  ),
  ...readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'README.md')),
]

describe('the documentation', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '')
    const missing = links.filter((link) => !existsSync(join(root, dirname(page), link)))
    expect(missing).toEqual([])
  })

  it('names tests that exist, for each guarantee', () => {
    const text = readFileSync(join(root, 'docs/guarantees.md'), 'utf8')
    const promises = text.split(/\n\n(?=\*\*)/).slice(1)
    expect(promises.length).toBeGreaterThan(15)
    for (const promise of promises) expect(promise, promise.slice(0, 60)).toMatch(/\nTests: /)
    const files = [...text.matchAll(/`([\w./-]+\.test\.ts)`/g)].map((match) => match[1] ?? '')
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it('lists the entries that the packages have', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
    const listed = [...text.matchAll(/^\| `(\w+)` \| (`[./].*) \|$/gm)].map(
      ([, name = '', entries = '']) => [name, entries.replaceAll('`', '').split(' ').sort()],
    )
    const existing = readdirSync(join(root, 'packages')).map((name) => [name, entriesOf(name)])
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(existing))
  })

  it('names laws that exist', () => {
    const text = readFileSync(join(root, 'docs/guarantees.md'), 'utf8')
    const folder = join(root, 'packages/sender/src/lib/testing/contract/laws')
    const laws = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('')
    const named = [...text.matchAll(/“([a-z]+: [^”…]+)/g)].map((match) => match[1]?.trim() ?? '')
    expect(named.length).toBeGreaterThan(1)
    for (const law of named) expect(laws).toContain(`'${law}`)
  })
})

/** What a package exports as code, as `.` and `/name`. */
function entriesOf(name: string): readonly string[] {
  const manifest: unknown = JSON.parse(
    readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
  )
  const exported = isObject(manifest) && 'exports' in manifest ? manifest.exports : undefined
  if (!isObject(exported)) throw new TypeError(`${name} exports nothing`)
  return Object.keys(exported)
    .filter((entry) => !/\.(json|sql)$/.test(entry))
    .map((entry) => entry.replace(/^\.(?=\/)/, ''))
    .sort()
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
