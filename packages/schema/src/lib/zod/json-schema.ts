import { type AnyCatalogue, type ResolvedDefinition, WebhookError } from '@posthorn/schema'
import { z } from 'zod'
import { offeredJsonSchema } from '../json-schema/offered'
import type { AnySchema } from '../standard-schema'

/** A JSON Schema document, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>> | boolean

/**
 * The JSON Schema of what travels, for each type and version of a catalogue: `result['run.failed'][2]`.
 *
 * @throws WebhookError `invalid_argument`, with `details.type` and `details.version`, for a schema that JSON Schema
 * cannot express (a date, a BigInt), or of a vendor that offers none
 */
export function toJsonSchema(
  catalogue: AnyCatalogue,
): Readonly<Record<string, Readonly<Record<number, JsonSchema>>>> {
  const entries = catalogue.types.flatMap((type) => {
    const definition = catalogue.definition(type)
    return definition === undefined ? [] : [[type, versionsOf(definition)] as const]
  })
  return Object.fromEntries(entries)
}

function versionsOf({ type, versions }: ResolvedDefinition): Readonly<Record<number, JsonSchema>> {
  return Object.fromEntries(
    [...versions].map(([version, schema]) => [version, convert(schema, type, version)]),
  )
}

function convert(schema: AnySchema, type: string, version: number): JsonSchema {
  let cause: unknown
  try {
    const converted: unknown = isZod(schema)
      ? z.toJSONSchema(schema, { io: 'input' })
      : offeredJsonSchema(schema)
    if (isJsonSchema(converted)) return converted
  } catch (error) {
    cause = error
  }
  throw new WebhookError(
    'invalid_argument',
    `Version ${version} of ${type} has no JSON Schema: ${reason(schema)}`,
    {
      details: { type, version, vendor: schema['~standard'].vendor },
      ...(cause === undefined ? {} : { cause }),
    },
  )
}

function reason(schema: AnySchema): string {
  return isZod(schema)
    ? 'a part of it, such as a date or a BigInt, does not exist in JSON. Use one that does, such as z.iso.datetime().'
    : `its vendor, ${schema['~standard'].vendor}, does not offer one. Use zod 4, or a vendor with Standard JSON Schema.`
}

/** Of zod 4: earlier versions follow Standard Schema too, but cannot be converted. */
function isZod(schema: AnySchema): schema is AnySchema & z.ZodType {
  return schema['~standard'].vendor === 'zod' && '_zod' in schema
}

function isJsonSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null)
}
