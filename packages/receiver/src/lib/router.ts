import type { AnyCatalogue } from '@posthorn/schema'
import type { Handler } from './handler'

export type Route =
  | { readonly kind: 'known'; readonly handlers: readonly Handler[] }
  | { readonly kind: 'unknown'; readonly handler: Handler | undefined }

/** Which handlers an event type has. Types are keys of a Map: no name is special. */
export class Router {
  readonly #catalogue: AnyCatalogue | undefined
  readonly #byType = new Map<string, Handler>()
  #any: Handler | undefined
  #unknown: Handler | undefined

  constructor(catalogue: AnyCatalogue | undefined) {
    this.#catalogue = catalogue
  }

  on(type: string, handler: unknown): void {
    if (typeof type !== 'string' || type === '') {
      throw new TypeError('receiver.on: the event type must be a non-empty string')
    }
    if (this.#catalogue?.has(type) === false) {
      throw new TypeError(`receiver.on: the catalogue has no event type '${type}'`)
    }
    if (this.#byType.has(type)) {
      throw new TypeError(`receiver.on: '${type}' has a handler already; call both from one`)
    }
    this.#byType.set(type, checked(handler, 'on'))
  }

  onAny(handler: unknown): void {
    if (this.#any) throw new TypeError('receiver.onAny: there is a handler already')
    this.#any = checked(handler, 'onAny')
  }

  onUnknown(handler: unknown): void {
    if (this.#unknown) throw new TypeError('receiver.onUnknown: there is a handler already')
    this.#unknown = checked(handler, 'onUnknown')
  }

  /** Those that have a handler of their own. */
  types(): readonly string[] {
    return [...this.#byType.keys()]
  }

  /** The type's own handler. */
  own(type: string): Handler | undefined {
    return this.#byType.get(type)
  }

  /** Whether there is one of every type. */
  get hasAny(): boolean {
    return this.#any !== undefined
  }

  /** The handler of every type, if this is one that it takes. */
  any(type: string): Handler | undefined {
    return this.#catalogue?.has(type) === false ? undefined : this.#any
  }

  route(type: string): Route {
    const own = this.own(type)
    const any = this.any(type)
    if (own && any) return { kind: 'known', handlers: [own, any] }
    const only = own ?? any
    return only ? { kind: 'known', handlers: [only] } : { kind: 'unknown', handler: this.#unknown }
  }
}

function checked(handler: unknown, method: string): Handler {
  if (isHandler(handler)) return handler
  throw new TypeError(`receiver.${method}: the handler must be a function`)
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function'
}
