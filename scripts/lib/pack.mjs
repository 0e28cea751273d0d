import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pnpm } from './setup.mjs'
import { listPackages, root } from './workspace.mjs'

/** Packs every package as it would be published, or those named; resolves to the packages with their `tarball`. */
export async function packAll(folder, names) {
  const target = join(root, '.tmp', folder)
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  await pnpm([
    '-r',
    ...(names ?? ['./packages/*']).flatMap((name) => ['--filter', name]),
    'exec',
    'pnpm',
    'pack',
    '--pack-destination',
    target,
  ])
  const packed = listPackages().filter(({ name }) => names?.includes(name) ?? true)
  return packed.map((pkg) => {
    const { name, version } = pkg.manifest
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
    return { ...pkg, tarball: join(target, file) }
  })
}
