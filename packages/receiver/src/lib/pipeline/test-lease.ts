import { expect, vi } from 'vitest'
import type { HandlerContext } from '../handler'
import type { IdempotencyStore } from '../ports/idempotency-store'
import { memoryIdempotency } from '../stores/memory'
import { completed, deferred, setUp, signed } from '../test-support'

/** A handler that waits to be told, and what it was given. */
export function waiting() {
  const { promise, resolve, reject } = deferred()
  const contexts: HandlerContext[] = []
  const handler = vi.fn((_event: unknown, context: HandlerContext) => {
    contexts.push(context)
    return promise
  })
  const signal = () => contexts[0]?.signal ?? expect.fail('the handler did not run')
  return { handler, resolve, reject, signal }
}

/** A delivery under way, over a memory store that is changed as told. */
export async function start(
  change: (store: IdempotencyStore) => Partial<IdempotencyStore> = () => ({}),
) {
  const store = memoryIdempotency()
  const renew = vi.fn((claim, leaseMs) => store.renew(claim, leaseMs))
  const parts: IdempotencyStore = {
    claim: (key, fingerprint, leaseMs) => store.claim(key, fingerprint, leaseMs),
    renew,
    complete: (claim, retainMs) => store.complete(claim, retainMs),
    release: (claim) => store.release(claim),
    useClock: (clock) => store.useClock?.(clock),
    ...change(store),
  }
  const bed = setUp({ store: parts })
  const work = waiting()
  bed.receiver.on('run.completed', work.handler)
  const request = await signed()
  const result = bed.receiver.receive(request)
  await bed.clock.advance(0)
  return { ...bed, ...work, renew, request, result, memory: store }
}

export const KEY = { source: 'billing', id: completed.id }
