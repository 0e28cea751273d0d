import { defineEvents, schemes, signHeaders } from '@posthorn/schema'
import { z } from 'zod'
import type { ReceiverOptions } from './options'
import type { IdempotencyStore } from './ports/idempotency-store'
import { createReceiver } from './receiver'
import { memoryIdempotency } from './stores/memory'
import { createTestEvent } from './testing/create-test-event'
import { fakeClock } from './testing/fake-clock'
import { type SignOptions, signTestRequest } from './testing/sign-test-request'

export const SECRET = `whsec_${btoa('k'.repeat(32))}`
export const OTHER_SECRET = `whsec_${btoa('o'.repeat(32))}`
export const NOW = Date.UTC(2026, 0, 31, 12)

export const events = defineEvents({
  'run.completed': {
    schema: z.object({ runId: z.string(), durationMs: z.number().int().default(0) }),
    example: { runId: 'r1', durationMs: 12 },
  },
  'run.failed': {
    versions: {
      1: z.object({ runId: z.string() }),
      2: z.object({ runId: z.string(), attempts: z.number() }),
    },
    upcast: { 1: (data) => ({ ...data, attempts: 1 }) },
    example: { runId: 'r2', attempts: 3 },
  },
})

export type Events = typeof events

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export function recordingLogger() {
  const lines: LogLine[] = []
  const at = (level: string) => (fields: LogLine['fields'], message: string) =>
    void lines.push({ level, message, fields })
  return {
    lines,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  }
}

export function setUp(
  options: Partial<ReceiverOptions<Events>> & { readonly store?: IdempotencyStore } = {},
) {
  const { store: given, ...rest } = options
  const clock = fakeClock(NOW)
  const store = given ?? memoryIdempotency()
  const { lines, logger } = recordingLogger()
  const receiver = createReceiver<Events>({
    events,
    secrets: SECRET,
    idempotency: { store, source: 'billing' },
    clock,
    logger,
    ...rest,
  })
  return { receiver, clock, store, lines }
}

export const completed = createTestEvent(events, 'run.completed')
export const failed = createTestEvent(events, 'run.failed')

/** Signed by the tests' secret, at the time their clocks start. */
export function signed(
  event: Parameters<typeof signTestRequest>[0] = completed,
  options: Partial<SignOptions> = {},
) {
  return signTestRequest(event, { secret: SECRET, at: new Date(NOW), ...options })
}

/** A body that no sender of ours would make, signed. */
export async function signedBytes(body: Uint8Array<ArrayBuffer> | string, messageId = 'msg_raw') {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const message = { id: messageId, timestamp: NOW / 1_000, body: bytes }
  return { headers: await signHeaders(schemes.standard, message, [SECRET]), body: bytes }
}

export function deferred<Value = void>() {
  let resolve: (value: Value) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<Value>((settle, fail) => {
    resolve = settle
    reject = fail
  })
  return { promise, resolve, reject }
}

/** A store that gives every claim. */
export function stub(): IdempotencyStore {
  return {
    claim: () => ({ state: 'acquired', token: 't' }),
    renew: () => true,
    complete: () => true,
    release: () => true,
  }
}
