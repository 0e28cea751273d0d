import type { IdempotencyOptions } from '../idempotency-options'
import { createReceiver } from '../receiver'
import { completed, events, NOW, recordingLogger, SECRET } from '../test-support'
import { fakeClock } from '../testing/fake-clock'
import { asyncStore, syncStore } from './test-hosts'

export function receiverWith<const Idempotency extends IdempotencyOptions>(
  idempotency: Idempotency,
) {
  const clock = fakeClock(NOW)
  const { lines, logger } = recordingLogger()
  const receiver = createReceiver({ events, secrets: SECRET, idempotency, clock, logger })
  return { receiver, clock, lines }
}

export function overAsync(options: { readonly concurrency?: number; readonly hint?: number } = {}) {
  const { hint, ...rest } = options
  const { store, db, lose } = asyncStore(hint)
  const bed = receiverWith({ store, source: 'billing', transactional: true, ...rest })
  return { ...bed, store, db, lose }
}

export function overSync() {
  const { store, db, lose } = syncStore()
  return { ...receiverWith({ store, source: 'billing', transactional: true }), store, db, lose }
}

export const KEY = { source: 'billing', id: completed.id }
