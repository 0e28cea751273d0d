import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(root, 'docs/testing-handlers.md'), 'utf8')
const blocks = [...page.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```$/gm)].map(
  ([, info = '', code = '']) => ({ info, code }),
)
const tests = blocks.filter(({ code }) => /^it\('/m.test(code))

// Inside the workspace, from where what they import is found.
mkdirSync(join(root, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(root, '.tmp', 'docs-tests-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the tests that the documentation shows are under 15 lines each, one for each framework', () => {
  const names = tests.map(({ code }) => /^it\('(\w+)/m.exec(code)?.[1])
  expect(names).toEqual(['Express', 'Fastify', 'Next'])
  for (const { code } of tests) expect(code.trim().split('\n').length).toBeLessThan(15)
})

it('and they pass', async () => {
  const webhooks = blocks.find(({ info }) => info.includes('file=webhooks.ts'))
  writeFileSync(join(folder, 'webhooks.ts'), webhooks?.code ?? '')
  for (const [index, { code }] of tests.entries()) {
    writeFileSync(join(folder, `${index}.test.ts`), code)
  }
  const config = `import base from '../../vitest.config'
    export default { resolve: base.resolve, test: { include: ['*.test.ts'] } }`
  writeFileSync(join(folder, 'vitest.config.ts'), config)
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { NODE_OPTIONS: _, VITEST_REPORT: __, ...env } = process.env
  const args = [vitest, 'run', '--reporter=json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
  expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 3, numFailedTests: 0 })
}, 60_000)
