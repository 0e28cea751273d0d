import type { Refusal, RefusalCode } from '../result'

/** What a stage hands on, or why the request goes no further. */
export type Stage<Value> = { readonly ok: true; readonly value: Value } | Stopped

export interface Stopped {
  readonly ok: false
  readonly refusal: Refusal
}

export function pass<Value>(value: Value): Stage<Value> {
  return { ok: true, value }
}

export function stop(code: RefusalCode, more: Omit<Refusal, 'kind' | 'code'> = {}): Stopped {
  return { ok: false, refusal: refuse(code, more) }
}

export function refuse(code: RefusalCode, more: Omit<Refusal, 'kind' | 'code'> = {}): Refusal {
  return { kind: 'refused', code, ...more }
}
