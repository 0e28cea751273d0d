// Checks every package as it would be published: publint, and the types under every resolution.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { packAll } from './lib/pack.mjs'
import { run } from './lib/setup.mjs'
import { root } from './lib/workspace.mjs'

const attw = join(root, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js')

let failures = 0
for (const pkg of await packAll('check-packages')) {
  const problems = [...(await publintProblems(pkg)), ...(await typeProblems(pkg))]
  console.log(`${problems.length === 0 ? 'ok    ' : 'failed'} ${pkg.name}`)
  for (const problem of problems) console.log(`  ${problem}`)
  failures += problems.length
}
if (failures > 0) process.exitCode = 1

async function publintProblems({ manifest, tarball }) {
  const file = readFileSync(tarball)
  const content = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)
  const { messages } = await publint({ pack: { tarball: content }, strict: true })
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false })}`)
}

// Node 10 knows no `exports`; every resolution since does.
function typeProblems({ tarball }) {
  return run(process.execPath, [attw, tarball, '--profile', 'node16', '--no-color']).then(
    () => [],
    (error) => [`attw: ${error.message}`],
  )
}
