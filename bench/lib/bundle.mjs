import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * A part that no package exports, built as the packages are.
 *
 * @param entry path from the root
 * @returns the URL of the bundle; it lies within `bench/`, where its dependencies are found
 */
export async function bundle(entry) {
  const folder = mkdtempSync(join(root, 'bench', 'node_modules', '.bundle-'))
  const outfile = join(folder, 'bundle.mjs')
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
  return pathToFileURL(outfile).href
}
