import type { HeaderBag } from '@posthorn/schema'

/** Placeholders of the route, as `{ tenant: 'acme' }` for `/webhooks/:tenant`. Not signed. */
export type Params = Readonly<Record<string, string>>

/** How reading a body ended. `fix` goes to the server's log, never to the sender. */
export type BodyRead =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false
      readonly code: 'body_too_large' | 'body_not_raw' | 'body_aborted'
      readonly fix?: string
    }

/** Reads the body, and stops as soon as it is longer than `maxBytes`. Called once, and only if the request's head is acceptable. */
export type BodyReader = (maxBytes: number) => Promise<BodyRead> | BodyRead

/** One request, as plain data. */
export interface ReceiveRequest {
  /** A `Headers` object, or Node's `req.headers`. */
  readonly headers: HeaderBag
  /** The exact bytes that came, never a decoded string or a parsed object; or a way to read them. */
  readonly body: Uint8Array | BodyReader
  /** When given, anything but `POST` is refused. */
  readonly method?: string | undefined
  /** Handed to the secret provider and to the handlers. */
  readonly params?: Params
}

/** Case-insensitive look-up of one header. Several values are joined with `, `. */
export interface HeaderLookup {
  get(name: string): string | undefined
}

export function headerLookup(bag: HeaderBag): HeaderLookup {
  return { get: (name) => headerOf(bag, name) }
}

export function headerOf(bag: HeaderBag, name: string): string | undefined {
  if (isHeaders(bag)) return bag.get(name) ?? undefined
  const wanted = name.toLowerCase()
  for (const key of Object.keys(bag)) {
    // Spares lower-casing every name.
    if (key.length === wanted.length && key.toLowerCase() === wanted) return joined(bag[key])
  }
  return undefined
}

function isHeaders(bag: HeaderBag): bag is { get(name: string): string | null } {
  return typeof bag.get === 'function'
}

function joined(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}
