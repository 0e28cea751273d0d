import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { toNextApi, toNextRoute } from '@posthorn/receiver/next'
import { afterAll, beforeAll } from 'vitest'
import { adapterContract } from '../../adapters/contract'
import { listen } from '../../adapters/listen'

interface NextServer {
  prepare(): Promise<void>
  getRequestHandler(): RequestListener
  close(): Promise<void>
}

type Next = (options: { readonly dev: boolean; readonly dir: string }) => NextServer

const here = fileURLToPath(new URL('.', import.meta.url))
const { NODE_ENV: _, ...env } = process.env
const npm = (...args: string[]) =>
  execFileSync('npm', args, {
    cwd: here,
    stdio: 'inherit',
    env: { ...env, NEXT_TELEMETRY_DISABLED: '1' },
  })

let next: NextServer | undefined

beforeAll(async () => {
  if (!existsSync(`${here}node_modules/.package-lock.json`)) npm('ci', '--no-audit', '--no-fund')
  npm('run', 'build')
  const make: Next = createRequire(`${here}package.json`)('next')
  next = make({ dev: false, dir: here })
  await next.prepare()
}, 300_000)

afterAll(() => next?.close())

/** Next's own server, its routes under `folder`, with what they are to call. */
function serve(mounted: (...args: never[]) => unknown, folder = '/webhooks') {
  Object.assign(globalThis, { posthornMounted: mounted })
  const handle = next?.getRequestHandler()
  return listen(
    createServer((request, response) => {
      request.url = request.url?.replace('/webhooks', folder)
      handle?.(request, response)
    }),
  )
}

adapterContract({
  name: 'Next, App Router',
  drains: true,
  mount: ({ receiver }) => serve(toNextRoute(receiver)),
  mountParsed: ({ receiver }) => {
    const route = toNextRoute(receiver)
    return serve(async (request: Request, context: object) => {
      await request.text()
      return route(request, context)
    })
  },
  fix: /before toFetch/,
})

adapterContract({
  name: 'Next, Pages Router',
  mount: ({ receiver }) => serve(toNextApi(receiver), '/api/webhooks'),
  mountParsed: ({ receiver }) => serve(toNextApi(receiver), '/api/parsed'),
  fix: /before toNextApi/,
})
