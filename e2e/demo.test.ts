import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const example = fileURLToPath(new URL('../examples/workflow-engine', import.meta.url))
// The packages by source, as in every test; `npm run demo` itself runs on the built ones.
const tsconfig = fileURLToPath(new URL('../tsconfig.json', import.meta.url))

/** Runs the demo as a pipe sees it: no terminal, no input. */
async function runDemo(...args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/demo.ts', ...args], {
    cwd: example,
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code, output, errors }
}

/** A row of the final table. */
function count(output: string, name: string): number {
  const row = new RegExp(`^  ${name} +(\\d+)  `, 'm').exec(output)
  return Number(row?.[1])
}

describe('the demo', () => {
  it('tells its story, and everything adds up', { timeout: 120_000 }, async () => {
    const { code, output, errors } = await runDemo()
    expect({ code, errors }, output).toEqual({ code: 0, errors: '' })
    expect(output).toContain('SIGKILL')
    expect(output).toContain('200 duplicate')
    expect(output).toContain('401 signature_mismatch')
    expect(output).not.toContain('FAILED')
    expect(output).not.toContain('\x1b')

    expect(count(output, 'runs')).toBe(14)
    const events = count(output, 'events')
    expect(events).toBeGreaterThan(500)
    expect(count(output, 'deliveries')).toBe(events + 2)
    expect(count(output, 'handled')).toBe(events + 1)
    expect(count(output, 'attempts')).toBeGreaterThan(events + 2)
    expect(count(output, 'duplicates')).toBeGreaterThanOrEqual(2)
    expect(count(output, 'refused')).toBe(1)
  })

  it('measures how fast events arrive', { timeout: 120_000 }, async () => {
    const { code, output, errors } = await runDemo('--events', '500')
    expect({ code, errors }, output).toEqual({ code: 0, errors: '' })
    expect(output).toMatch(/\d+ deliveries per second/)
    expect(output).toContain('500 of 500')
  })

  it('refuses a number that is none', async () => {
    const { code, errors } = await runDemo('--events', 'many')
    expect(code).toBe(2)
    expect(errors).toContain('--events needs a whole number')
  })
})
