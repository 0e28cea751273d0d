// What a user does first, over whichever copy of the packages the caller loaded:
// `lib` maps `schema`, `signature`, `sender`, … to the loaded modules.
const assert = require('node:assert/strict')
const { createServer } = require('node:http')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

async function scenario(lib) {
  const events = lib.schema.defineEvents({
    'run.completed': lib.zod.object({
      runId: lib.zod.string(),
      durationMs: lib.zod.number().int(),
    }),
  })
  await signsAndVerifies(lib)
  await sendsOnce(lib, events, busyOnce(lib, lib.memory.memoryStore()))
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-smoke-'))
  try {
    const db = await lib.sqliteSender.openSqlite(join(folder, 'posthorn.db'))
    await sendsOnce(lib, events, busyOnce(lib, lib.sqliteSender.sqliteStore(db)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function signsAndVerifies({ signature, schema }) {
  const { schemes, generateSecret, signHeaders, verifySignature } = signature
  const body = Buffer.from('{"a":1}')
  const secrets = [generateSecret()]
  const now = Math.floor(Date.now() / 1000)
  const headers = await signHeaders(
    schemes.standard,
    { id: 'evt_1', timestamp: now, body },
    secrets,
  )
  const options = { now, tolerance: { past: 300, future: 300 } }
  const verify = (request) => verifySignature(schemes.standard, request, secrets, options)
  assert.equal((await verify({ headers, body })).ok, true)
  const bad = await verify({ headers, body: Buffer.from('{"a":2}') })
  assert.deepEqual(bad, { ok: false, code: 'signature_mismatch' })
  assert.ok(schema.WebhookError.is(new schema.WebhookError('config', 'x'), 'config'))
}

/** A store whose first insert finds the database busy, so that the short in-process retry has to run. */
function busyOnce({ schema }, store) {
  let refused = false
  const deliveries = new Proxy(store.deliveries, {
    get(target, name) {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...args) => {
        if (name === 'insert' && !refused) {
          refused = true
          throw new schema.WebhookError('store_busy', 'busy once')
        }
        return member.apply(target, args)
      }
    },
  })
  return new Proxy(store, {
    get(target, name) {
      if (name === 'deliveries') return deliveries
      if (name === 'wasRefused') return () => refused
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

async function sendsOnce(lib, events, store) {
  const sender = lib.sender.createSender({ events, store, network: { development: true } })
  await sender.migrate()
  const handled = []
  let secret
  const receiver = lib.receiver.createReceiver({
    events,
    secrets: () => secret,
    idempotency: { store: lib.receiverMemory.memoryIdempotency(), source: 'smoke' },
  })
  receiver.on('run.completed', (event) => {
    handled.push(event.data.runId)
  })
  const server = createServer(lib.node.toNode(receiver))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${server.address().port}/`
    const created = await sender.endpoints.create({ url, eventTypes: ['run.*'] })
    secret = created.secret
    await sender.send({ type: 'run.completed', data: { runId: 'r1', durationMs: 5 } })
    assert.equal(store.wasRefused(), true, 'the busy store was not retried')
    await sender.deliverDue()
    assert.deepEqual(handled, ['r1'])
    const { items } = await sender.deliveries.list({})
    assert.deepEqual(
      items.map(({ status }) => status),
      ['succeeded'],
    )
    const refusal = sender.send({ type: 'run.completed', data: { runId: 1 } })
    await assert.rejects(refusal, (error) => lib.schema.WebhookError.is(error, 'invalid_data'))
  } finally {
    await sender.stop({ timeout: '1s' })
    await store.close()
    await new Promise((resolve) => server.close(resolve))
  }
}

module.exports = { scenario }
