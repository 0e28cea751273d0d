import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { idempotencyLaws } from '@posthorn/receiver/testing'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const fixture = fileURLToPath(new URL('./fixtures/kit.ts', import.meta.url))

it('the test kit and the contract run under node:test', async () => {
  const args = ['--import', 'tsx', '--test', '--test-reporter=tap', fixture]
  const { NODE_OPTIONS: _, ...env } = process.env
  const { stdout } = await run(process.execPath, args, { env })
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(stdout)?.[1])
  expect(stdout).toContain('ok 1 - claim: a free key is acquired')
  expect(stdout).toContain('tests a handler')
  expect(count('fail')).toBe(0)
  expect(count('skipped')).toBe(5)
  expect(count('pass')).toBe(idempotencyLaws.length - 5 + 1)
}, 60_000)
