import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { refusalStatus } from '../result'
import { memoryIdempotency } from '../stores/memory'
import { memoryOrder } from '../stores/memory-order'
import { completed, OTHER_SECRET, SECRET, setUp, signed, signedBytes, stub } from '../test-support'
import { testTelemetry } from './test-telemetry'

const canary = 'c4n4ry'
const type = 'run.completed'
/** In the data, in an unknown member of it, and beside it. */
const told = { ...completed, data: { runId: canary, durationMs: 1, [canary]: canary }, [canary]: 1 }

async function everything() {
  const telemetry = testTelemetry()
  const store = memoryIdempotency()
  const down = { ...stub(), claim: () => Promise.reject(new Error('no connection')) }
  const order = { store: memoryOrder(), key: () => canary, version: () => 1 }
  const { receiver, lines } = setUp({ telemetry: telemetry.options, store, order })
  const broken = setUp({ telemetry: telemetry.options, store: down })
  const failing = setUp({ telemetry: telemetry.options })
  const retrying = setUp({
    telemetry: telemetry.options,
    secrets: () => Promise.reject(new Error('no vault')),
  })
  for (const each of [receiver, broken.receiver, retrying.receiver]) each.on(type, () => {})
  failing.receiver.on(type, () => Promise.reject(new TypeError('no such column')))
  const good = await signed(told)
  const withHeaders = {
    ...good.headers,
    authorization: canary,
    cookie: canary,
    traceparent: canary,
  }
  const requests = [
    { ...good, headers: withHeaders },
    good,
    await signed({ ...told, data: { ...told.data, runId: `${canary}2` } }),
    await signed({ ...told, id: 'older' }),
    await signed({ ...told, type: 'run.vanished' }),
    await signed({ ...told, id: 'bad', data: { runId: [canary] } }),
    await signed({ ...told, id: 'newer', type: 'run.failed', version: 9 }),
    await signed({ ...told, id: 'other' }, { secret: OTHER_SECRET }),
    await signed({ ...told, id: 'late' }, { at: new Date('2020-01-01') }),
    await signedBytes(`{"${canary}`),
    await signedBytes(JSON.stringify({ [canary]: canary })),
    { headers: { 'content-length': '9999999999' }, body: good.body },
    { headers: {}, body: good.body },
    { headers: good.headers, body: new TextEncoder().encode(canary) },
  ]
  receiver.on('run.failed', () => {})
  for (const request of requests) await receiver.receive(request)
  for (const each of [broken, failing, retrying]) await each.receiver.receive(good)
  await wait(0)
  const logs = [lines, broken.lines, failing.lines, retrying.lines].flat()
  return { telemetry, logs }
}

/** Errors, too, with what they hold. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Error
      ? { ...part, message: part.message, stack: part.stack, cause: part.cause }
      : part,
  )

describe('whatever comes,', () => {
  it('log, spans and metrics have its ids, and nothing of its body, headers or secrets', async () => {
    const { telemetry, logs } = await everything()
    const seen = new Set(logs.map(({ fields }) => fields.code))
    for (const code of ['id_reused', 'invalid_data', 'unsupported_version', 'signature_mismatch']) {
      expect(seen).toContain(code)
    }
    expect(seen.size).toBeGreaterThan(10)
    expect([...seen].every((code) => code === undefined || String(code) in refusalStatus)).toBe(
      true,
    )
    const spans = telemetry.spans().map(({ name, attributes, events, links, status }) => {
      return { name, attributes, events, links, status }
    })
    expect(spans.length).toBeGreaterThan(15)
    const metrics = await telemetry.points('posthorn.requests')
    const all = textOf([logs, spans, metrics])
    for (const secret of [canary, SECRET, OTHER_SECRET, SECRET.slice(6)]) {
      expect(all).not.toContain(secret)
    }
    const ofMessages = logs.filter(({ fields }) => fields.type !== undefined)
    expect(ofMessages.length).toBeGreaterThan(6)
    for (const { fields } of ofMessages) expect(fields.messageId).toEqual(expect.any(String))
  })
})
