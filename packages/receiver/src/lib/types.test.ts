import type { WebhookEvent } from '@posthorn/schema'
import { describe, expectTypeOf, it } from 'vitest'
import type { HandlerContext } from './handler'
import { createReceiver } from './receiver'
import { memoryIdempotency } from './stores/memory'
import { events, SECRET, setUp } from './test-support'
import { createTestEvent } from './testing/create-test-event'

type Completed = WebhookEvent<'run.completed', { runId: string; durationMs: number }>
type Failed = WebhookEvent<'run.failed', { runId: string; attempts: number }>

describe('the types of a receiver', () => {
  it('type the handlers by the catalogue: the output of the latest version', () => {
    const { receiver } = setUp()
    receiver.on('run.completed', (event, context) => {
      expectTypeOf(event).toEqualTypeOf<Completed>()
      expectTypeOf(context).toEqualTypeOf<HandlerContext>()
    })
    receiver.on('run.failed', (event) => expectTypeOf(event).toEqualTypeOf<Failed>())
    receiver.onAny((event) => expectTypeOf(event).toEqualTypeOf<Completed | Failed>())
    receiver.onUnknown((event) => expectTypeOf(event).toEqualTypeOf<WebhookEvent>())
  })

  it('infer the catalogue, and take any type without one', () => {
    const idempotency = { store: memoryIdempotency(), source: 'a' }
    const typed = createReceiver({ events, secrets: SECRET, idempotency })
    typed.on('run.completed', (event) => expectTypeOf(event).toEqualTypeOf<Completed>())
    const free = createReceiver({ secrets: SECRET, idempotency })
    free.on('any.thing', (event) => expectTypeOf(event).toEqualTypeOf<WebhookEvent<'any.thing'>>())
  })

  it('ask for idempotency and secrets', () => {
    // @ts-expect-error: idempotency is required
    expectTypeOf(createReceiver).toBeCallableWith({ secrets: SECRET })
    // @ts-expect-error: secrets are required
    expectTypeOf(createReceiver).toBeCallableWith({ idempotency: 'none' })
    // @ts-expect-error: false is too easily meant otherwise
    expectTypeOf(createReceiver).toBeCallableWith({ secrets: SECRET, idempotency: false })
    // @ts-expect-error: a duration has a unit
    expectTypeOf(createReceiver).toBeCallableWith({ ...none, tolerance: 300 })
  })

  it('give a test event the input of the latest version', () => {
    const event = createTestEvent(events, 'run.completed', { data: { runId: 'x' } })
    expectTypeOf(event.type).toEqualTypeOf<'run.completed'>()
    expectTypeOf(event.data).toEqualTypeOf<{ runId: string; durationMs?: number | undefined }>()
    const failed = createTestEvent(events, 'run.failed')
    expectTypeOf(failed.data).toEqualTypeOf<{ runId: string; attempts: number }>()
    // @ts-expect-error: no such field
    createTestEvent(events, 'run.failed', { data: { runid: 'x' } })
  })
})

const none = { secrets: SECRET, idempotency: 'none' } as const
