/** A difference in what is admitted: less, more, or not to be told. */
export interface Difference {
  readonly path: string
  readonly kind: 'narrowed' | 'widened' | 'changed' | 'field_added'
  /** Continues a sentence that begins with the path. */
  readonly message: string
}

export interface Context {
  readonly path: string
  readonly olderRoot: unknown
  readonly newerRoot: unknown
  /** Pairs of references already compared. */
  readonly seen: Set<string>
}

/** Two schemas, references resolved, being compared; `compare` goes on with their parts. */
export interface Comparison {
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
  readonly context: Context
  readonly compare: (older: unknown, newer: unknown, context: Context) => readonly Difference[]
}

/** JSON text that does not depend on the order of keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join(',')}}`
}

export function list(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}
