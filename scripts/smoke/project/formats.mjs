// Both formats in one process: two copies of every class, which must recognise each other's.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { lib as esm } from './esm.mjs'

const { lib: cjs } = createRequire(import.meta.url)('./cjs.cjs')

assert.notEqual(esm.schema.WebhookError, cjs.schema.WebhookError, 'expected a copy of each format')
for (const [one, other] of [
  [esm, cjs],
  [cjs, esm],
]) {
  const error = new one.schema.WebhookError('config', 'x')
  assert.ok(error instanceof other.schema.WebhookError)
  assert.ok(other.schema.WebhookError.is(error, 'config'))
}

// Within one format, every entry shares one copy, whichever package throws.
for (const { schema, sender, memory, zod } of [esm, cjs]) {
  const events = schema.defineEvents({ known: zod.object({}) })
  const { send } = sender.createSender({ events, store: memory.memoryStore() })
  const error = await send({ type: 'unknown', data: {} }).then(
    () => assert.fail('an unknown type was sent'),
    (cause) => cause,
  )
  assert.equal(Object.getPrototypeOf(error), schema.WebhookError.prototype)
}

for (const name of Object.keys(esm)) {
  const names = (module) =>
    Object.keys(module).filter((key) => !/^(default|module\.exports|__.*)$/.test(key))
  if (name !== 'zod')
    assert.deepEqual(names(esm[name]), names(cjs[name]).sort(), `exports of ${name}`)
}
