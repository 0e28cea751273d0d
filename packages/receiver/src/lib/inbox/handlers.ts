import type { AnyCatalogue } from '@posthorn/schema'
import type { Handler } from '../handler'
import type { ResolvedOptions } from '../options'
import { workOf } from '../pipeline/dispatch'
import type { Work } from '../pipeline/work'
import type { Router } from '../router'

/** The name of a handler given to `receiver.on` or `receiver.onAny`. */
const RECEIVERS = 'receiver'
const UNNAMED = 'main'
const nameForm = /^[A-Za-z0-9._-]{1,64}$/

/** In place of a type. */
const ANY = '*'
const UNKNOWN = '?'

type Handlers = Map<string, Handler>

/** Which handlers an event is for. */
export interface InboxRoute {
  /** Whether they take it as one of the catalogue's. */
  readonly isKnown: boolean
  readonly names: readonly string[]
}

/** Which handlers a type has in an inbox: `<name>@<type>`, `<name>@*` for every type, `<name>@?` for those that no other takes. */
export class InboxHandlers {
  readonly #catalogue: AnyCatalogue | undefined
  readonly #router: Router
  readonly #own = new Map<string, Handlers>()

  constructor(catalogue: AnyCatalogue | undefined, router: Router) {
    this.#catalogue = catalogue
    this.#router = router
  }

  on(type: string, handler: unknown, name = UNNAMED): void {
    if (typeof type !== 'string' || type === '' || type === ANY || type === UNKNOWN) {
      throw new TypeError('inbox.on: the event type must be a non-empty string, not * or ?')
    }
    if (this.#catalogue?.has(type) === false) {
      throw new TypeError(`inbox.on: the catalogue has no event type '${type}'`)
    }
    this.#add(type, name, handler)
  }

  onAny(handler: unknown, name = UNNAMED): void {
    this.#add(ANY, name, handler)
  }

  onUnknown(handler: unknown, name = UNNAMED): void {
    this.#add(UNKNOWN, name, handler)
  }

  route(type: string): InboxRoute {
    const own = [...this.#in(type).keys(), ...(this.#router.own(type) ? [RECEIVERS] : [])]
    const any = this.#catalogue?.has(type) === false ? [] : [...this.#in(ANY).keys()]
    if (this.#router.any(type)) any.push(RECEIVERS)
    const names = [...own.map(at(type)), ...any.map(at(ANY))]
    if (names.length > 0) return { isKnown: true, names }
    return { isKnown: false, names: [...this.#in(UNKNOWN).keys()].map(at(UNKNOWN)) }
  }

  /** Every one that there is. */
  names(): readonly string[] {
    const own = [...this.#own].flatMap(([type, handlers]) => [...handlers.keys()].map(at(type)))
    const types = [...this.#router.types(), ...(this.#router.hasAny ? [ANY] : [])]
    const receivers = types.map((type) => at(type)(RECEIVERS))
    return [...own, ...receivers]
  }

  /** By its full name; undefined for one that is not here, or does not take the type. */
  find(full: string, type: string): Handler | undefined {
    const [name, of] = partsOf(full)
    if (name !== RECEIVERS) return this.#in(of).get(name)
    return of === ANY ? this.#router.any(type) : this.#router.own(of)
  }

  #add(type: string, name: string, handler: unknown): void {
    if (!isHandler(handler)) throw new TypeError('inbox: the handler must be a function')
    if (typeof name !== 'string' || !nameForm.test(name) || name === RECEIVERS) {
      throw new TypeError(
        `inbox: a handler's name is 1 to 64 letters, digits, '.', '_' and '-', and not 'receiver'`,
      )
    }
    const handlers = this.#in(type)
    if (handlers.has(name)) {
      throw new TypeError(`inbox: there is a handler '${at(type)(name)}' already; name each`)
    }
    this.#own.set(type, handlers.set(name, handler))
  }

  #in(type: string): Handlers {
    return this.#own.get(type) ?? new Map()
  }
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function'
}

/** A name holds no `@`; a type may. */
function partsOf(full: string): readonly [name: string, type: string] {
  const split = full.indexOf('@')
  return [full.slice(0, split), full.slice(split + 1)]
}

const at =
  (type: string) =>
  (name: string): string =>
    `${name}@${type}`

export const isForUnknown = (full: string): boolean => partsOf(full)[1] === UNKNOWN

/** What a handler does with a message, as under a claim. Each keeps an order of its own: one that is ahead makes no event stale for the others. */
export function taskWork(options: ResolvedOptions, full: string, handler: Handler): Work {
  const { order } = options
  const own = order && {
    ...order,
    source: async (request: Parameters<typeof order.source>[0]) =>
      `${await order.source(request)} ${full}`,
  }
  const route = isForUnknown(full)
    ? ({ kind: 'unknown', handler } as const)
    : ({ kind: 'known', handlers: [handler] } as const)
  return workOf(own ? { ...options, order: own } : options, route)
}
