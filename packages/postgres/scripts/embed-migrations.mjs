// Writes src/lib/migrations/<set>-<number>.ts from migrations/<set>/<number>_<name>.sql: bundles and both module formats then carry the text.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)

for (const set of ['sender', 'receiver']) {
  for (const file of readdirSync(new URL(`migrations/${set}/`, root))) {
    const sql = readFileSync(new URL(`migrations/${set}/${file}`, root), 'utf8')
    const name = file.replace(/\.sql$/, '')
    const target = `src/lib/migrations/${set}-${name.slice(0, 4)}.ts`
    const text = `// Written by scripts/embed-migrations.mjs from migrations/${set}/${file}.\nexport const name = '${name}'\n\nexport const sql = ${quote(sql)}\n`
    writeFileSync(new URL(target, root), text)
  }
}

function quote(sql) {
  return `\`${sql.replace(/[\\`]|\$(?=\{)/g, '\\$&')}\``
}
