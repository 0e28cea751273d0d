import { schemaDifferences } from '../json-schema/differences'
import type { Difference } from '../json-schema/model'
import { offeredJsonSchema } from '../json-schema/offered'
import type { AnySchema } from '../standard-schema'
import type { AnyCatalogue, ResolvedDefinition } from './types'

/**
 * - `narrowed`: data that was valid no longer is, so stored events and older senders fail
 * - `widened`: data that was invalid now is valid, so receivers on the older catalogue refuse it
 * - `changed`: a rule differs, and which way is not to be told
 * - `not_comparable`: the schemas differ as objects, and offer no JSON Schema to compare
 */
export type CatalogueChangeKind =
  | 'type_removed'
  | 'type_added'
  | 'version_removed'
  | 'version_added'
  | 'narrowed'
  | 'widened'
  | 'changed'
  | 'field_added'
  | 'not_comparable'

export interface CatalogueChange {
  readonly kind: CatalogueChangeKind
  /** Whether someone who still uses the older catalogue, or an event recorded under it, is hurt. */
  readonly breaking: boolean
  readonly type: string
  readonly version?: number
  /** Where in the data, as `data.steps[].name`. */
  readonly path?: string
  /** A whole sentence. */
  readonly message: string
}

export interface CompareOptions {
  /** JSON Schema (draft 2020-12) of what a schema takes, for vendors that do not offer it themselves. */
  readonly jsonSchema?: (schema: AnySchema) => unknown
}

/**
 * What changed from one catalogue to the next, and what of it breaks. A published version is best left as it is but for
 * optional fields; other changes are for a new version with an `upcast`.
 *
 * @example
 * const breaking = compareCatalogues(published, events).filter((change) => change.breaking)
 */
export function compareCatalogues(
  older: AnyCatalogue,
  newer: AnyCatalogue,
  options: CompareOptions = {},
): readonly CatalogueChange[] {
  const { jsonSchema = offeredJsonSchema } = options
  const changes = definitions(older).flatMap((before): readonly CatalogueChange[] => {
    const after = newer.definition(before.type)
    if (after === undefined) {
      const { type } = before
      return [{ kind: 'type_removed', breaking: true, type, message: `${type} was removed.` }]
    }
    return versionChanges(before, after, jsonSchema)
  })
  const added = newer.types
    .filter((type) => !older.has(type))
    .map((type) => ({
      kind: 'type_added' as const,
      breaking: false,
      type,
      message: `${type} was added.`,
    }))
  return [...changes, ...added]
}

function definitions(catalogue: AnyCatalogue): readonly ResolvedDefinition[] {
  return catalogue.types.flatMap((type) => catalogue.definition(type) ?? [])
}

function versionChanges(
  before: ResolvedDefinition,
  after: ResolvedDefinition,
  jsonSchema: (schema: AnySchema) => unknown,
): readonly CatalogueChange[] {
  const { type } = before
  const versions = new Set([...before.versions.keys(), ...after.versions.keys()])
  return [...versions].flatMap((version): readonly CatalogueChange[] => {
    const was = before.versions.get(version)
    const is = after.versions.get(version)
    const name = `Version ${version} of ${type}`
    if (is === undefined) {
      return [
        { kind: 'version_removed', breaking: true, type, version, message: `${name} was removed.` },
      ]
    }
    if (was === undefined) {
      return [
        { kind: 'version_added', breaking: false, type, version, message: `${name} was added.` },
      ]
    }
    if (was === is) return []
    const [olderSchema, newerSchema] = [jsonSchema(was), jsonSchema(is)]
    if (olderSchema === undefined || newerSchema === undefined) {
      const message = `${name} may have changed: its schema offers no JSON Schema to compare.`
      return [{ kind: 'not_comparable', breaking: false, type, version, message }]
    }
    return schemaDifferences(olderSchema, newerSchema).map((difference) =>
      toChange(difference, type, version),
    )
  })
}

function toChange(
  { kind, path, message }: Difference,
  type: string,
  version: number,
): CatalogueChange {
  return {
    kind,
    breaking: kind !== 'field_added',
    type,
    version,
    path,
    message: `In version ${version} of ${type}, ${path} ${message}.`,
  }
}
