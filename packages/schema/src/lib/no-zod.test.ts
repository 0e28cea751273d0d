import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const source = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** The entries that others of this package are built on. */
const own = new Map([
  ['@posthorn/schema', 'index'],
  ['@posthorn/schema/signature', 'signature'],
])

/** Every module that loading `file` loads, packages included. */
function loaded(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  for (const [, clause = '', name = ''] of text.matchAll(
    /^(?:import|export)\b([^;']*?)from '([^']+)'/gm,
  )) {
    if (/^\s+type\s/.test(clause)) continue
    if (name.startsWith('.')) loaded(`${resolve(dirname(file), name)}.ts`, seen)
    else if (own.has(name)) loaded(resolve(source, `${own.get(name)}.ts`), seen)
    else seen.add(name)
  }
  return seen
}

describe('what an entry loads', () => {
  const vendors = ['stripe', 'github', 'slack', 'shopify'].map((name) => `vendors/${name}`)

  it.each(['index', 'signature', ...vendors])('%s: no zod', (entry) => {
    const modules = loaded(resolve(source, `${entry}.ts`))
    expect(modules.size).toBeGreaterThan(8)
    expect([...modules].filter((name) => name === 'zod' || name.includes('/zod/'))).toEqual([])
  })

  it.each(['index', 'signature'])('%s: the platform’s cryptography and nothing else', (entry) => {
    const modules = [...loaded(resolve(source, `${entry}.ts`))]
    expect(modules.filter((name) => !name.startsWith('/'))).toEqual(['#hmac'])
  })

  it('zod: zod, so that this test can fail', () => {
    expect([...loaded(resolve(source, 'zod.ts'))]).toContain('zod')
  })
})
