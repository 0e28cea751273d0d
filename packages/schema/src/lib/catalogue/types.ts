import type { ValidationIssue, WebhookEvent } from '../event'
import type { AnySchema, SchemaInput, SchemaOutput } from '../standard-schema'

/** The schemas of a type's versions, by number: a contiguous run of positive integers. */
export interface VersionMap {
  readonly [version: number]: AnySchema
}

/** What a catalogue knows at the type level: each type's only schema, or its versions. */
export interface Definitions {
  readonly [type: string]: AnySchema | VersionMap
}

/** `N + 1`, by the length of a tuple. */
type Successor<N, Counted extends readonly unknown[] = []> = N extends number
  ? Counted['length'] extends 200
    ? never
    : Counted['length'] extends N
      ? [...Counted, unknown]['length']
      : Successor<N, [...Counted, unknown]>
  : never

/** Versions that have a next one. */
type Stepping<V> = {
  [N in keyof V]: Successor<N> extends keyof V ? N : never
}[keyof V]

/** The newest version's number; a union when the run has a gap. */
type LatestOf<V> = Exclude<keyof V, Stepping<V>>

type IsUnion<T, Each = T> = T extends unknown ? ([Each] extends [T] ? false : true) : never

type Widened<V> = number extends keyof V ? true : false

/** The schema that new data must follow. */
type LatestSchema<S> = S extends AnySchema
  ? S
  : Widened<S> extends true
    ? S[keyof S]
    : S[LatestOf<S>]

type NextInput<V, N> =
  Successor<N> extends infer M ? (M extends keyof V ? SchemaInput<V[M]> : never) : never

/** One function for each step: from a version's output to the next one's input. */
type Upcasts<V> = {
  readonly [N in Stepping<V>]: (
    data: SchemaOutput<V[N]>,
  ) => NextInput<V, N> | Promise<NextInput<V, N>>
}

type UpcastField<V> =
  IsUnion<LatestOf<V>> extends true
    ? { readonly upcast: 'versions must be a contiguous run: 1, 2, 3' }
    : [Stepping<V>] extends [never]
      ? { readonly upcast?: undefined }
      : { readonly upcast: Upcasts<V> }

interface Common<S> {
  /** For documentation: one or two sentences. */
  readonly description?: string
  /** Data that the latest version accepts; for documentation and tests. */
  readonly example?: SchemaInput<LatestSchema<S>>
}

interface SchemaDefinition<S> extends Common<S> {
  readonly schema: S
}

interface VersionsField<V> {
  /** The schema of each version. Keep old ones as long as an old event may still be replayed. */
  readonly versions: V
}

/**
 * How one type is given to `defineEvents`: a schema alone, `{ schema }`, or `{ versions, upcast }`, the latter two
 * with a `description` and an `example` if wanted.
 */
export type EventDefinition<S = AnySchema | VersionMap> =
  | S
  | SchemaDefinition<S>
  | (Common<S> & VersionsField<S> & UpcastField<S>)

/** The argument of `defineEvents`. */
export type EventDefinitions<D> = { readonly [Type in keyof D]: EventDefinition<D[Type]> }

/** A type of the catalogue with every form of definition brought to one. */
export interface ResolvedDefinition {
  readonly type: string
  readonly versions: ReadonlyMap<number, AnySchema>
  /** By the version it starts from. */
  readonly upcasts: ReadonlyMap<number, (data: unknown) => unknown>
  readonly latest: number
  readonly description?: string
  readonly example?: unknown
}

/** What `validate` and `decode` resolve to. They never reject for what a peer sent. */
export type CatalogueResult =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false
      readonly code: 'unknown_event_type' | 'unsupported_version' | 'invalid_data'
      readonly issues: readonly ValidationIssue[]
    }

/** The set of event types with the schema of each one's data, per version. Made by `defineEvents`. */
export interface EventCatalogue<D extends Definitions = Definitions> {
  /** Carries the types only; absent at run time. */
  readonly '~definitions'?: D
  /** In the order of definition. */
  readonly types: readonly string[]
  has(type: string): boolean
  /**
   * The newest version of a type.
   * @throws WebhookError `unknown_event_type`
   */
  latest(type: string): number
  definition(type: string): ResolvedDefinition | undefined
  /**
   * The sender's side: checks `data` against a version's schema, the latest unless told. `value` is `data` itself:
   * the input travels, not the schema's output, or defaults and transforms would be applied twice.
   */
  validate(type: string, data: unknown, version?: number): Promise<CatalogueResult>
  /**
   * The receiver's side: checks `data` at the version it came in (1 unless told, as on the wire), then upcasts step by
   * step. `value` is the output of the latest version's schema.
   */
  decode(type: string, data: unknown, version?: number): Promise<CatalogueResult>
}

/** Any catalogue. */
export type AnyCatalogue = EventCatalogue<Definitions>

type DefinitionsOf<C> = C extends { readonly '~definitions'?: infer D }
  ? Exclude<D, undefined>
  : never

/** The types of a catalogue, as a union of strings. */
export type EventTypeOf<C> = Extract<keyof DefinitionsOf<C>, string> | WideType<DefinitionsOf<C>>

/** `keyof` of an index signature is `string | number`; the type of an event is a string. */
type WideType<D> = string extends keyof D ? string : never

/** What a handler gets: the output of the latest version. A union when `Type` is one. */
export type EventOf<C, Type extends EventTypeOf<C> = EventTypeOf<C>> = Type extends string
  ? WebhookEvent<Type, DataOf<DefinitionsOf<C>, Type>>
  : never

type DataOf<D, Type> = Type extends keyof D ? SchemaOutput<LatestSchema<D[Type]>> : never

/** What `send()` takes: `{ type, data }` for the latest version, or with the `version` of an older one. */
export type EventInput<C> = string extends keyof DefinitionsOf<C>
  ? InputAt<string, AnySchema, number, 'optional'>
  : EachInput<DefinitionsOf<C>>

type EachInput<D> = {
  [Type in keyof D]: D[Type] extends AnySchema
    ? InputAt<Type, D[Type], 1, 'optional'>
    : Widened<D[Type]> extends true
      ? InputAt<Type, D[Type][keyof D[Type]], number, 'optional'>
      : VersionedInput<Type, D[Type]>
}[keyof D]

type VersionedInput<Type, V> =
  | InputAt<Type, V[LatestOf<V>], LatestOf<V>, 'optional'>
  | { [N in Stepping<V>]: InputAt<Type, V[N], N, 'required'> }[Stepping<V>]

type InputAt<Type, S, N, Version> = {
  readonly type: Type
  readonly data: SchemaInput<S>
} & (Version extends 'optional' ? { readonly version?: N } : { readonly version: N })
