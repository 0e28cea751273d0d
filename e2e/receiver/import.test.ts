import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const packages = new URL('../../packages/', import.meta.url)

/** What a process loads for one import of a built package: its files, and the modules of Node beyond those of any import. */
function loadedBy(specifiers: readonly string[]): { files: string[]; builtins: string[] } {
  const urls = specifiers.map((path) => new URL(path, packages).href)
  const code = `
    import { Session } from 'node:inspector'
    await import('data:text/javascript,')
    const files = []
    const session = new Session()
    session.connect()
    session.on('Debugger.scriptParsed', ({ params }) => files.push(params.url))
    session.post('Debugger.enable')
    const before = new Set(process.moduleLoadList)
    files.length = 0
    for (const url of ${JSON.stringify(urls)}) await import(url)
    const builtins = process.moduleLoadList.filter((name) => !before.has(name))
    console.log(JSON.stringify({ files: files.filter((url) => url.startsWith('file:')), builtins }))`
  const args = ['--input-type=module', '-e', code]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

/** Of the receiver as it is published; `npm run build` makes it. */
const receiver = 'receiver/dist/index.js'

describe('an import of @posthorn/receiver', () => {
  it('reads three files, and none of zod', () => {
    const { files } = loadedBy([receiver])
    // Each costs most of a millisecond: its look-up, its reading, its compilation.
    expect(files.map((url) => url.replace(packages.href, '')).sort()).toEqual([
      'receiver/dist/index.js',
      'schema/dist/hmac-node.js',
      'schema/dist/index.js',
    ])
  })

  it('loads no cryptography and no server', () => {
    const heavy = /\b(crypto|webcrypto|http|tls|net|zlib)\b/
    expect(loadedBy([receiver]).builtins.filter((name) => heavy.test(name))).toEqual([])
  })

  it('would be seen to load them', () => {
    const { files } = loadedBy([receiver, 'schema/dist/zod.js'])
    expect(files.filter((url) => url.includes('/zod/')).length).toBeGreaterThan(1)
    const { builtins } = loadedBy(["data:text/javascript,import 'node:crypto'"])
    expect(builtins).toContain('NativeModule crypto')
  })
})
