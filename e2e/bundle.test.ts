import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { afterAll, expect, it } from 'vitest'

/** As it is published; `npm run build` makes it. */
const schema = fileURLToPath(new URL('../packages/schema/dist/index.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bundle-'))

afterAll(() => rmSync(folder, { recursive: true }))

/** What a bundler makes of a page that uses this one name of the schema. */
async function bundled(name: string): Promise<string> {
  const entry = join(folder, `${name}.js`)
  writeFileSync(entry, `export { ${name} } from ${JSON.stringify(schema)}`)
  const outDir = join(folder, 'out')
  await build({ entry: [entry], outDir, config: false, silent: true, noExternal: [/./] })
  return readFileSync(join(outDir, `${name}.cjs`), 'utf8')
}

it('a bundle that signs nothing carries no signatures', async () => {
  const code = await bundled('defineEvents')
  expect(code).toContain('function defineEvents')
  expect(code).not.toMatch(/standardScheme|defineEnvelope|#hmac|createHmac|subtle/)
})

it('would be seen to carry them', async () => {
  expect(await bundled('schemes')).toMatch(/standardScheme/)
})
