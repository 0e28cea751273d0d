import { describe, expect, it } from 'vitest'
import { Router } from './router'
import { events, setUp } from './test-support'

const handler = () => {}

describe('registering', () => {
  it('takes one handler for a type', () => {
    const router = new Router(undefined)
    router.on('a', handler)
    expect(() => router.on('a', handler)).toThrow(TypeError)
    expect(() => router.on('a', handler)).toThrow("'a' has a handler already")
    expect(() => router.on('b', handler)).not.toThrow()
  })

  it('takes one handler for any, and one for unknown', () => {
    const router = new Router(undefined)
    router.onAny(handler)
    router.onUnknown(handler)
    expect(() => router.onAny(handler)).toThrow(
      new TypeError('receiver.onAny: there is a handler already'),
    )
    expect(() => router.onUnknown(handler)).toThrow(
      new TypeError('receiver.onUnknown: there is a handler already'),
    )
  })

  it('takes only types of the catalogue', () => {
    expect(() => new Router(events).on('run.complete', handler)).toThrow(
      "the catalogue has no event type 'run.complete'",
    )
    expect(() => new Router(events).on('__proto__', handler)).toThrow(TypeError)
  })

  it.each(['', undefined, 7])('takes only names: not %j', (type) => {
    // @ts-expect-error: what JavaScript may pass all the same
    expect(() => new Router(undefined).on(type, handler)).toThrow('non-empty string')
  })

  it.each([undefined, null, {}, 'handler'])('takes only functions: not %j', (none) => {
    const router = new Router(undefined)
    expect(() => router.on('a', none)).toThrow('receiver.on: the handler must be a function')
    expect(() => router.onAny(none)).toThrow('receiver.onAny: the handler')
    expect(() => router.onUnknown(none)).toThrow('receiver.onUnknown: the handler')
  })

  it('is what the receiver does', () => {
    const { receiver } = setUp()
    receiver.on('run.completed', handler).onAny(handler).onUnknown(handler)
    expect(() => receiver.on('run.completed', handler)).toThrow(TypeError)
    expect(() => receiver.onAny(handler)).toThrow(TypeError)
    expect(() => receiver.onUnknown(handler)).toThrow(TypeError)
    // @ts-expect-error: no such type
    expect(() => receiver.on('run.complete', handler)).toThrow(TypeError)
  })
})

describe('routing', () => {
  const own = () => 'own'
  const any = () => 'any'
  const unknown = () => 'unknown'

  function full(catalogue?: typeof events) {
    const router = new Router(catalogue)
    router.on('run.completed', own)
    router.onAny(any)
    router.onUnknown(unknown)
    return router
  }

  it('gives the own handler first', () => {
    expect(full().route('run.completed')).toEqual({ kind: 'known', handlers: [own, any] })
  })

  it('knows every type that any takes, within the catalogue', () => {
    expect(full().route('else')).toEqual({ kind: 'known', handlers: [any] })
    expect(full(events).route('run.failed')).toEqual({ kind: 'known', handlers: [any] })
    expect(full(events).route('else')).toEqual({ kind: 'unknown', handler: unknown })
  })

  it('knows nothing without handlers', () => {
    expect(new Router(events).route('run.failed')).toEqual({ kind: 'unknown', handler: undefined })
  })

  it.each(['__proto__', 'constructor', '*', 'error', ''])('finds nothing under %j', (type) => {
    const router = new Router(undefined)
    router.on('a', own)
    expect(router.route(type)).toEqual({ kind: 'unknown', handler: undefined })
  })
})
