// Mutation testing: changes the code in small ways and expects a unit test to notice each change.
//   npm run mutation [-- <target>…]      targets: tools/mutation/targets.json
// A mutant may survive only where tools/mutation/equivalent.json says why it changes nothing.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './lib/setup.mjs'
import { readJson, root } from './lib/workspace.mjs'

const home = join(root, 'tools', 'mutation')
const stryker = join(home, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
const folder = `.tmp/mutation/${process.pid}`
const survived = new Set(['Survived', 'NoCoverage'])

const targets = readJson(join(home, 'targets.json'))
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(targets)
const unknown = names.filter((name) => !(name in targets))
if (unknown.length > 0) {
  console.error(`No such target: ${unknown}. There are: ${Object.keys(targets).join(', ')}`)
  process.exit(1)
}

if (!existsSync(stryker)) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: home })
await run(process.execPath, [stryker, 'run', join(home, 'stryker.config.mjs')], {
  env: {
    ...process.env,
    MUTATION: JSON.stringify({ mutate: names.flatMap((name) => targets[name]), folder }),
  },
  echo: true,
})
const report = readJson(join(root, folder, 'report.json'))
rmSync(join(root, folder), { recursive: true, force: true })
conclude(mutantsOf(report), readJson(join(home, 'equivalent.json')))

/** Every mutant with what identifies it when lines move: its file, the text it replaces, and by what. */
function mutantsOf({ files }) {
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants.map(({ status, mutatorName, replacement, location: { start } }) => ({
      file,
      status,
      mutator: mutatorName,
      line: start.line,
      code: lines[start.line - 1].trim(),
      replacement,
    }))
  })
}

function conclude(mutants, equivalent) {
  const open = mutants.filter(({ status }) => survived.has(status))
  const unexplained = open.filter((mutant) => !equivalent.some((entry) => isSame(entry, mutant)))
  const killed = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length
  const valid = killed + open.length
  for (const { file, line, code, mutator, replacement, status } of unexplained) {
    console.log(`\n${status} ${file}:${line} (${mutator})\n  ${code}\n  → ${replacement}`)
  }
  const share = valid === 0 ? 0 : (100 * killed) / valid
  console.log(
    `\n${killed} of ${valid} mutants killed (${share.toFixed(1)} %), ` +
      `${open.length - unexplained.length} equivalent, ${unexplained.length} to explain or to test`,
  )
  if (valid === 0 || unexplained.length > 0) process.exitCode = 1
}

function isSame(entry, mutant) {
  return ['file', 'code', 'mutator', 'replacement'].every((key) => entry[key] === mutant[key])
}
