import { WebhookError } from '../errors'
import type { AnySchema } from '../standard-schema'
import { toIssues } from './issues'
import { resolveDefinitions } from './resolve'
import type {
  CatalogueResult,
  Definitions,
  EventCatalogue,
  EventDefinitions,
  ResolvedDefinition,
} from './types'

type Failure = Extract<CatalogueResult, { ok: false }>

/**
 * Defines the events an application sends: their types, the schema of each one's data, and how old versions become
 * the latest. The result types the sender's `send()` and the receiver's handlers.
 *
 * Schemas are of any vendor that follows Standard Schema v1.
 *
 * @throws TypeError when a definition is malformed: a bad type name, no schema, versions that are not a contiguous run
 * of positive integers, a step without its upcast
 * @example
 * const events = defineEvents({
 *   'run.completed': z.object({ runId: z.string() }),
 *   'run.failed': {
 *     versions: { 1: RunFailedV1, 2: RunFailedV2 },
 *     upcast: { 1: (v1) => ({ ...v1, attempts: 1 }) },
 *   },
 * })
 */
export function defineEvents<const D extends Definitions>(
  definitions: EventDefinitions<D>,
): EventCatalogue<D> {
  const resolved = resolveDefinitions(definitions)
  return Object.freeze({
    types: Object.freeze([...resolved.keys()]),
    has: (type: string) => resolved.has(type),
    latest: (type: string) => latestOf(resolved, type),
    definition: (type: string) => resolved.get(type),
    validate: (type: string, data: unknown, version?: number) =>
      validate(resolved.get(type), data, version),
    decode: (type: string, data: unknown, version?: number) =>
      decode(resolved.get(type), data, version),
  })
}

function latestOf(resolved: ReadonlyMap<string, ResolvedDefinition>, type: string): number {
  const definition = resolved.get(type)
  if (definition !== undefined) return definition.latest
  throw new WebhookError(
    'unknown_event_type',
    'The catalogue has no such event type. Add it to defineEvents, or correct the name.',
    { details: { type } },
  )
}

async function validate(
  definition: ResolvedDefinition | undefined,
  data: unknown,
  version: number | undefined,
): Promise<CatalogueResult> {
  if (definition === undefined) return unknownType
  const schema = definition.versions.get(version ?? definition.latest)
  if (schema === undefined) return unsupported(definition)
  const result = await check(schema, data)
  return result.ok ? { ok: true, value: data } : result
}

async function decode(
  definition: ResolvedDefinition | undefined,
  data: unknown,
  version = 1,
): Promise<CatalogueResult> {
  if (definition === undefined) return unknownType
  const schema = definition.versions.get(version)
  if (schema === undefined) return unsupported(definition)
  let result = await check(schema, data)
  for (let from = version; result.ok && from < definition.latest; from += 1) {
    result = await step(definition, from, result.value)
  }
  return result
}

async function step(
  definition: ResolvedDefinition,
  from: number,
  data: unknown,
): Promise<CatalogueResult> {
  const upcast = definition.upcasts.get(from)
  const schema = definition.versions.get(from + 1)
  if (upcast === undefined || schema === undefined) return unsupported(definition)
  let upcasted: unknown
  try {
    upcasted = await upcast(data)
  } catch {
    return invalid(`The upcast from version ${from} threw.`)
  }
  return check(schema, upcasted)
}

/** A schema that throws on some data is, to the peer who sent it, a schema that refuses it. */
async function check(schema: AnySchema, data: unknown): Promise<CatalogueResult> {
  try {
    const result = await schema['~standard'].validate(data)
    if (result.issues === undefined) return { ok: true, value: result.value }
    return { ok: false, code: 'invalid_data', issues: toIssues(result.issues) }
  } catch {
    return invalid('The schema threw while it checked this.')
  }
}

const unknownType: Failure = Object.freeze({
  ok: false,
  code: 'unknown_event_type',
  issues: [{ path: 'type', message: 'The catalogue has no such event type.' }],
})

function unsupported({ versions }: ResolvedDefinition): Failure {
  const message = `The catalogue has version ${[...versions.keys()].join(', ')} of this type.`
  return { ok: false, code: 'unsupported_version', issues: [{ path: 'version', message }] }
}

function invalid(message: string): Failure {
  return { ok: false, code: 'invalid_data', issues: [{ path: 'data', message }] }
}
