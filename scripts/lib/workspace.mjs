import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Every file below `dir`, sorted, without `node_modules` and `dist`. */
export function filesUnder(dir) {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist')
    .flatMap((entry) => {
      const path = join(dir, entry.name)
      return entry.isDirectory() ? filesUnder(path) : [path]
    })
    .sort()
}

/** The publishable packages: `{ name, dir, manifest, needs }`, `needs` naming other packages of this workspace. */
export function listPackages() {
  const all = readdirSync(join(root, 'packages'))
    .map((folder) => join(root, 'packages', folder))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map((dir) => ({ dir, manifest: readJson(join(dir, 'package.json')) }))
  const names = new Set(all.map(({ manifest }) => manifest.name))
  return all.map(({ dir, manifest }) => {
    const { dependencies, devDependencies, peerDependencies } = manifest
    const needs = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
    return { name: manifest.name, dir, manifest, needs: needs.filter((name) => names.has(name)) }
  })
}

/** Packages in groups; each group needs only the groups before it. */
export function buildOrder(packages) {
  const groups = []
  const done = new Set()
  let rest = packages
  while (rest.length > 0) {
    const ready = rest.filter(({ needs }) => needs.every((name) => done.has(name)))
    if (ready.length === 0) {
      throw new Error(`packages need each other in a circle: ${rest.map(({ name }) => name)}`)
    }
    for (const { name } of ready) done.add(name)
    rest = rest.filter(({ name }) => !done.has(name))
    groups.push(ready)
  }
  return groups
}

/** One digest over the names and contents of the files. */
export function digest(files, ...more) {
  const hash = createHash('sha256')
  for (const file of files) {
    hash.update(`${relative(root, file)}\0`)
    if (existsSync(file)) hash.update(readFileSync(file))
    hash.update('\0')
  }
  for (const text of more) hash.update(`${text}\0`)
  return hash.digest('hex')
}
