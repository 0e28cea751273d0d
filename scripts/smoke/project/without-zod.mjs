// Run while zod is not installed: the main entry and `/signature` must not miss it, `/zod` must.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

for (const entry of ['@posthorn/schema', '@posthorn/schema/signature']) {
  await import(entry)
  require(entry)
}
await assert.rejects(import('@posthorn/schema/zod'), /zod/)
assert.throws(() => require('@posthorn/schema/zod'), /zod/)
