import { type Duration, parseDuration } from '@posthorn/schema'
import type { Awaitable } from './ports/idempotency-store'
import type { ReceiveRequest } from './request'

/** Chooses by the request, as by the tenant in its path. */
export type Chooser = (request: ReceiveRequest) => Awaitable<string>

export function chooser(value: string | Chooser, name: string): Chooser {
  if (typeof value === 'function') return value
  if (typeof value === 'string' && value !== '') return () => value
  return fail(name, 'must be a non-empty string or a function of the request')
}

export function positive(duration: Duration, name: string): number {
  const ms = parseDuration(duration, name)
  return ms > 0 ? ms : fail(name, 'must be longer than nothing')
}

export function fail(name: string, why: string): never {
  throw new TypeError(`createReceiver: ${name} ${why}`)
}
