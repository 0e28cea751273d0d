// Run with --conditions=workerd: what a Worker loads must do without any module of Node.
import assert from 'node:assert/strict'
import { register } from 'node:module'

const refuseNode = `
  export function resolve(specifier, context, next) {
    if (specifier.startsWith('node:') && context.parentURL?.includes('/@posthorn/')) {
      throw new Error(context.parentURL + ' imports ' + specifier)
    }
    return next(specifier, context)
  }`
register(`data:text/javascript,${encodeURIComponent(refuseNode)}`)

const { schemes, generateSecret, signHeaders, verifySignature } = await import(
  '@posthorn/schema/signature'
)
await Promise.all(
  [
    '@posthorn/schema',
    '@posthorn/receiver',
    '@posthorn/receiver/fetch',
    '@posthorn/receiver/memory',
  ].map((entry) => import(entry)),
)

const body = new TextEncoder().encode('{"a":1}')
const secrets = [generateSecret()]
const now = Math.floor(Date.now() / 1000)
const headers = await signHeaders(schemes.standard, { id: 'evt_1', timestamp: now, body }, secrets)
const options = { now, tolerance: { past: 300, future: 300 } }
assert.ok((await verifySignature(schemes.standard, { headers, body }, secrets, options)).ok)

await assert.rejects(import('@posthorn/sender'), /imports node:/, 'this check sees nothing')
