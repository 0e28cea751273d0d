import type { AnyCatalogue, EventInput, EventTypeOf } from '@posthorn/schema'
import type { DispatchEvent } from '../receiver'

/** What the latest version of a type takes. */
export type TestData<Catalogue, Type> =
  EventInput<Catalogue> extends infer Input ? LatestData<Input, Type> : never

type LatestData<Input, Type> = Input extends { readonly type: Type; readonly data: infer Data }
  ? Input extends { readonly version: number }
    ? never
    : Data
  : never

export interface TestEventOverrides<Data> {
  /** Default: `evt_` and the type. */
  readonly id?: string
  /** Default: `2026-01-01T00:00:00.000Z`. */
  readonly timestamp?: string
  /** Default: the latest. For an older one give the whole `data`. */
  readonly version?: number
  /** Laid over the example's fields when both are objects; in its place otherwise. */
  readonly data?: Data extends object ? Partial<Data> : Data
}

export type TestEvent<Type extends string = string, Data = unknown> = Required<
  DispatchEvent<Type, Data>
>

const TIMESTAMP = '2026-01-01T00:00:00.000Z'

/**
 * An event as the sender would send it, made of the catalogue's example: the same each time.
 *
 * @throws TypeError when the catalogue does not have the type, or has no example of it and none of its data is given.
 * @example
 * const event = createTestEvent(events, 'run.completed', { data: { durationMs: 12 } })
 */
export function createTestEvent<
  Catalogue extends AnyCatalogue,
  Type extends EventTypeOf<Catalogue>,
>(
  events: Catalogue,
  type: Type,
  overrides: TestEventOverrides<TestData<Catalogue, Type>> = {},
): TestEvent<Type, TestData<Catalogue, Type>> {
  const { id = idOf(type), timestamp = TIMESTAMP, version } = overrides
  const definition = events.definition(type)
  if (!definition) throw new TypeError(`createTestEvent: the catalogue has no type '${type}'`)
  const isLatest = version === undefined || version === definition.latest
  const data = merge(isLatest ? definition.example : undefined, overrides.data)
  if (data === undefined) {
    throw new TypeError(
      `createTestEvent: '${type}' has no example in the catalogue; give it one, or pass data`,
    )
  }
  // The example was typed by the catalogue, and the rest by the overrides.
  const typed = data as TestData<Catalogue, Type>
  return { id, type, timestamp, version: version ?? definition.latest, data: typed }
}

function idOf(type: string): string {
  return `evt_${type.replaceAll('.', '_')}`.slice(0, 128)
}

function merge(example: unknown, data: unknown): unknown {
  if (data === undefined) return structuredClone(example)
  return isRecord(example) && isRecord(data) ? { ...structuredClone(example), ...data } : data
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
