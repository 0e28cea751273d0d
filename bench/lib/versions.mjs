import { readFileSync } from 'node:fs'

/** What is installed of these packages, as `name version`. */
export function versionsOf(packages) {
  return packages.map((name) => {
    const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
    return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`
  })
}
