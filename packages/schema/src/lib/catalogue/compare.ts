import type { AnyCatalogue } from './types'

export type CatalogueChangeKind =
  | 'type_removed'
  | 'type_added'
  | 'version_removed'
  | 'version_added'

export interface CatalogueChange {
  readonly kind: CatalogueChangeKind
  readonly breaking: boolean
  readonly type: string
  readonly version?: number
  readonly message: string
}

export interface CompareOptions {
  readonly jsonSchema?: (schema: unknown) => unknown
}

export function compareCatalogues(
  older: AnyCatalogue,
  newer: AnyCatalogue,
): readonly CatalogueChange[] {
  return older.types
    .filter((type) => !newer.has(type))
    .map((type) => ({ kind: 'type_removed', breaking: true, type, message: `${type} is gone` }))
}
