// Writes a package's src/lib/migrations/<set>-<number>.ts from its migrations/<set>/<number>_<name>.sql: bundles and both module formats then
// carry the text. Usage: node scripts/embed-migrations.mjs [package …]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const packages = new URL('../packages/', import.meta.url)
const named = process.argv.slice(2)

for (const name of named.length > 0 ? named : ['sqlite', 'postgres']) embed(name)

function embed(name) {
  const root = new URL(`${name}/`, packages)
  for (const set of ['sender', 'receiver']) {
    for (const file of readdirSync(new URL(`migrations/${set}/`, root))) {
      const sql = readFileSync(new URL(`migrations/${set}/${file}`, root), 'utf8')
      const target = `src/lib/migrations/${set}-${file.slice(0, 4)}.ts`
      writeFileSync(new URL(target, root), moduleOf(`migrations/${set}/${file}`, sql))
    }
  }
}

function moduleOf(path, sql) {
  const name = path.replace(/^.*\/|\.sql$/g, '')
  return `// Written by scripts/embed-migrations.mjs from ${path}.\nexport const name = '${name}'\n\nexport const sql = ${quote(sql)}\n`
}

/** `$1` may stay as it is. */
function quote(sql) {
  return `\`${sql.replace(/[\\`]|\$(?=\{)/g, '\\$&')}\``
}
