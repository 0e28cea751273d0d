import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { table, verdict } from '../lib/report.mjs'
import { median } from '../lib/statistics.mjs'

const children = 20
const folder = fileURLToPath(new URL('..', import.meta.url))
const ours = '@posthorn/receiver'
const modules = [
  ours,
  'node:crypto',
  'node:http',
  'standardwebhooks',
  'svix',
  'stripe',
  '@octokit/webhooks-methods',
]

/** How long a process with one import takes beyond an empty one, and what that installs. */
export async function benchImports() {
  const times = new Map(['', ...modules].map((name) => [name, []]))
  // Interleaved, as the rounds are.
  for (let child = 0; child < children; child += 1) {
    for (const [name, list] of times) list.push(processMs(name))
  }
  const empty = median(times.get(''))
  const rows = modules.map((name) => [
    name,
    (median(times.get(name)) - empty).toFixed(1),
    installedKiB(name),
  ])
  console.log(
    `\n## Import: median of ${children} processes, over an empty one of ${empty.toFixed(1)} ms\n`,
  )
  console.log(`${table(['module', 'ms', 'its own package, KiB'], rows)}\n`)
  console.log(verdict(`import of ${ours}, in ms`, median(times.get(ours)) - empty, { most: 15 }))
  console.log(`- ${loadsZod() ? 'MISSED: it loads zod' : 'met: it loads no zod'}`)
}

/** From start to end of a process, as it is asked for by the import alone. */
function processMs(name) {
  const code = name === '' ? '' : `import '${name}'`
  const began = performance.now()
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: folder })
  return performance.now() - began
}

function loadsZod() {
  const code = `import '${ours}'
    import { Session } from 'node:inspector'
    const session = new Session()
    const scripts = []
    session.connect()
    session.on('Debugger.scriptParsed', ({ params }) => scripts.push(params.url))
    session.post('Debugger.enable', () => console.log(scripts.join('\\n')))`
  const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (!loaded.includes('receiver/dist'))
    throw new Error('the receiver itself is not among what was loaded')
  return loaded.includes('/zod/')
}

function installedKiB(name) {
  if (name.startsWith('node:')) return '–'
  const own = join(folder, 'node_modules', name)
  // Of ours, what is published: `dist` and little else; and the schema, which it cannot do without.
  const folders = name === ours ? [join(own, 'dist'), join(own, '..', 'schema', 'dist')] : [own]
  return Math.round(folders.reduce((sum, path) => sum + size(path), 0) / 1_024)
}

function size(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.size
  return readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0)
}
