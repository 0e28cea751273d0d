import type { AnySchema } from '../standard-schema'

/**
 * The JSON Schema of what a schema takes, if it can tell without help (Standard JSON Schema: zod 4.2 and later, arktype,
 * …). Undefined if it offers none, or has a part that JSON Schema cannot express.
 */
export function offeredJsonSchema(schema: AnySchema): unknown {
  const props: object = schema['~standard']
  if (!('jsonSchema' in props) || !isConverter(props.jsonSchema)) return undefined
  try {
    return props.jsonSchema.input({ target: 'draft-2020-12' })
  } catch {
    return undefined
  }
}

interface Converter {
  input(options: { readonly target: string }): unknown
}

function isConverter(value: unknown): value is Converter {
  return (
    typeof value === 'object' &&
    value !== null &&
    'input' in value &&
    typeof value.input === 'function'
  )
}
