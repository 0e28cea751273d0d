import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Scheme } from '@posthorn/schema/signature'
import { github } from '@posthorn/schema/vendors/github'
import { stripe } from '@posthorn/schema/vendors/stripe'
import { beforeAll, describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, 'peers')

/** The parts of the vendors' libraries that are called. */
interface StripeWebhooks {
  constructEvent(body: Uint8Array, header: string, secret: string): { readonly id: string }
  generateTestHeaderString(options: { payload: string; secret: string }): string
}
interface Octokit {
  sign(secret: string, payload: string): Promise<string>
  verify(secret: string, payload: string, signature: string): Promise<boolean>
}

let webhooks: StripeWebhooks
let octokit: Octokit

beforeAll(async () => {
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
  const peers = createRequire(join(folder, 'package.json'))
  const { default: Stripe } = await import(pathToFileURL(peers.resolve('stripe')).href)
  webhooks = new Stripe('sk_test_none').webhooks
  // It exports for `import` alone.
  const entry = join(folder, 'node_modules/@octokit/webhooks-methods/dist-node/index.js')
  octokit = await import(pathToFileURL(entry).href)
}, 300_000)

const secret = "whsec_It's a Secret to Everybody"
const bodies = ['{"id":"evt_1"}', '{"id":"Zürich ♥ \\u2028 😀"}', `{"id":"${'x'.repeat(100_000)}"}`]
const bytes = (text: string) => new TextEncoder().encode(text)

async function sign(scheme: Scheme, body: string): Promise<string> {
  const timestamp = Math.floor(Date.now() / 1_000)
  const headers = await scheme.sign({ id: '', timestamp, body: bytes(body) }, [secret])
  return headers[scheme.headers[0] ?? ''] ?? ''
}

function verify(scheme: Scheme, body: string, header: string) {
  const now = Math.floor(Date.now() / 1_000)
  const request = { headers: { [scheme.headers[0] ?? '']: header }, body: bytes(body) }
  return scheme.verify(request, [secret], { now, tolerance: { past: 300, future: 300 } })
}

describe('stripe', () => {
  it.each(bodies)('takes what we sign, and refuses it changed: %s', async (body) => {
    const header = await sign(stripe.scheme, body)
    expect(webhooks.constructEvent(bytes(body), header, secret)).toEqual(JSON.parse(body))
    expect(() => webhooks.constructEvent(bytes(`${body} `), header, secret)).toThrow()
    expect(() => webhooks.constructEvent(bytes(body), header, 'another')).toThrow()
  })

  it.each(bodies)('signs what we take, and we refuse it changed: %s', async (body) => {
    const header = webhooks.generateTestHeaderString({ payload: body, secret })
    expect(await verify(stripe.scheme, body, header)).toMatchObject({ ok: true })
    expect(await verify(stripe.scheme, `${body} `, header)).toMatchObject({
      code: 'signature_mismatch',
    })
  })
})

describe('@octokit/webhooks-methods', () => {
  it.each(bodies)('takes what we sign, and refuses it changed: %s', async (body) => {
    const header = await sign(github.scheme, body)
    expect(await octokit.verify(secret, body, header)).toBe(true)
    expect(await octokit.verify(secret, `${body} `, header)).toBe(false)
  })

  it.each(bodies)('signs what we take, and we refuse it changed: %s', async (body) => {
    const header = await octokit.sign(secret, body)
    expect(await verify(github.scheme, body, header)).toMatchObject({ ok: true })
    expect(await verify(github.scheme, `${body} `, header)).toMatchObject({
      code: 'signature_mismatch',
    })
  })
})
