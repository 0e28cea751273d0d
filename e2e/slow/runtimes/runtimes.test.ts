import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTestEvent, signTestRequest } from '@posthorn/receiver/testing'
import { defineEvents } from '@posthorn/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { packAll } from '../../../scripts/lib/pack.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const bin = (name: string) => join(here, 'node_modules', '.bin', name)
const sources = ['app.mjs', 'serve-bun.mjs', 'serve-deno.mjs', 'workerd.capnp']

const secret = `whsec_${btoa('k'.repeat(32))}`
const events = defineEvents({
  'run.completed': { schema: z.object({ runId: z.string() }), example: { runId: 'ü' } },
})

/** A project with the packed packages, as a consumer has them. */
let project = ''

beforeAll(async () => {
  if (!existsSync(join(here, 'node_modules'))) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' })
  }
  project = mkdtempSync(join(tmpdir(), 'posthorn-runtimes-'))
  for (const { name, tarball } of await packAll('runtimes', [
    '@posthorn/schema',
    '@posthorn/receiver',
  ])) {
    const folder = join(project, 'node_modules', name)
    mkdirSync(folder, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
  }
  for (const file of sources) cpSync(join(here, file), join(project, file))
}, 300_000)

const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(project, { recursive: true, force: true })
})

/** Starts a runtime, and answers the URL it serves under. */
function serve(command: string, args: readonly string[], announced: RegExp): Promise<string> {
  const child = spawn(command, args, { cwd: project, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    let output = ''
    for (const stream of child.stdio.slice(1)) {
      if (!stream || !('setEncoding' in stream)) continue
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const port = announced.exec(output)?.[1]
        if (port !== undefined) resolve(`http://127.0.0.1:${port}/`)
      })
    }
    child.on('error', reject)
    child.on('close', (code) => reject(new Error(`${command} ended with ${code}: ${output}`)))
  })
}

/** Bundled by the conditions of Workers: no module of Node is left in it. */
function bundle(): void {
  const line = ['app.mjs', '--bundle', '--format=esm', '--conditions=workerd,worker,browser']
  execFileSync(bin('esbuild'), [...line, '--outfile=app.bundle.mjs'], { cwd: project })
}

const runtimes = {
  Bun: () => serve(bin('bun'), ['serve-bun.mjs'], /port (\d+)/),
  Deno: () => {
    const flags = ['--no-prompt', '--allow-net', '--allow-env', '--node-modules-dir=manual']
    return serve(bin('deno'), ['run', ...flags, 'serve-deno.mjs'], /port (\d+)/)
  },
  workerd: () => {
    bundle()
    return serve(bin('workerd'), ['serve', 'workerd.capnp', '--control-fd=3'], /"port":(\d+)/)
  },
}

describe.each(['Bun', 'Deno', 'workerd'] as const)('the receiver on %s', (runtime) => {
  let url = ''
  beforeAll(async () => {
    url = await runtimes[runtime]()
  }, 60_000)

  const post = async (
    headers: Readonly<Record<string, string>>,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<unknown> => {
    const response = await fetch(url, { method: 'POST', headers, body })
    const text = await response.text()
    return [response.status, text === '' ? undefined : JSON.parse(text).code]
  }
  const signed = () => signTestRequest(createTestEvent(events, 'run.completed'), { secret })

  it('handles a signed event once', async () => {
    const { headers, body } = await signed()
    const bytes = Uint8Array.from(body)
    expect(await post(headers, bytes)).toEqual([200, 'handled'])
    expect(await post(headers, bytes)).toEqual([200, 'duplicate'])
  })

  it('refuses a body that was altered by one bit', async () => {
    const { headers, body } = await signed()
    const bytes = Uint8Array.from(body)
    bytes[10] = (bytes[10] ?? 0) ^ 1
    expect(await post(headers, bytes)).toEqual([401, 'signature_mismatch'])
  })

  it('refuses what is too long, and anything but POST', async () => {
    expect(await post({}, new Uint8Array(10_001))).toEqual([413, 'body_too_large'])
    expect((await fetch(url)).status).toBe(405)
  })
})
