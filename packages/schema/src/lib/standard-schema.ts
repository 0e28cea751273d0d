/**
 * A validator of any vendor that follows Standard Schema v1 (https://standardschema.dev): zod, valibot, arktype and
 * others. Written out here so that nothing has to be installed for it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A schema of which nothing is known. */
export type AnySchema = StandardSchema<unknown, unknown>

interface Typed<Key extends 'input' | 'output', Value> {
  readonly '~standard': { readonly types?: { readonly [K in Key]: Value } | undefined }
}

/** What the schema takes. */
export type SchemaInput<S> = S extends Typed<'input', infer Input> ? Input : never

/** What the schema gives. */
export type SchemaOutput<S> = S extends Typed<'output', infer Output> ? Output : never

/** Whether `value` is a Standard Schema of version 1. Some vendors' schemas are functions. */
export function isStandardSchema(value: unknown): value is AnySchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  if (!('~standard' in value)) return false
  const props = value['~standard']
  return (
    typeof props === 'object' &&
    props !== null &&
    'version' in props &&
    props.version === 1 &&
    'validate' in props &&
    typeof props.validate === 'function'
  )
}
