import { isEventType } from '../names'
import { type AnySchema, isStandardSchema } from '../standard-schema'
import type { ResolvedDefinition } from './types'

type Upcast = (data: unknown) => unknown

const fields = new Set(['schema', 'versions', 'upcast', 'description', 'example'])

/** Brings every form of definition to one, or says with a TypeError what is wrong with it. */
export function resolveDefinitions(definitions: unknown): ReadonlyMap<string, ResolvedDefinition> {
  const given = record(definitions, 'defineEvents takes an object of event types')
  const resolved = new Map<string, ResolvedDefinition>()
  for (const [type, definition] of Object.entries(given)) {
    if (!isEventType(type) || type === '__proto__') {
      throw new TypeError(
        `${JSON.stringify(type)} cannot name an event type: use segments of letters, digits, "_" and "-" joined by ".", at most 128 characters`,
      )
    }
    resolved.set(type, resolveDefinition(type, definition))
  }
  return resolved
}

function resolveDefinition(type: string, definition: unknown): ResolvedDefinition {
  if (isStandardSchema(definition)) {
    return Object.freeze({
      type,
      versions: new Map([[1, definition]]),
      upcasts: new Map(),
      latest: 1,
    })
  }
  const given = record(definition, `${type} needs a Standard Schema, or an object with one`)
  for (const key of Object.keys(given)) {
    if (!fields.has(key)) throw new TypeError(`${type} has an unknown field ${JSON.stringify(key)}`)
  }
  const { description, example } = given
  if (description !== undefined && typeof description !== 'string') {
    throw new TypeError(`${type}: description must be a string`)
  }
  const versions = resolveVersions(type, given)
  const numbers = [...versions.keys()]
  const upcasts = resolveUpcasts(type, given.upcast, numbers)
  return Object.freeze({
    type,
    versions,
    upcasts,
    latest: numbers[numbers.length - 1] ?? 1,
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { example }),
  })
}

function resolveVersions(
  type: string,
  given: Readonly<Record<string, unknown>>,
): ReadonlyMap<number, AnySchema> {
  if ((given.schema === undefined) === (given.versions === undefined)) {
    throw new TypeError(`${type} needs either schema or versions`)
  }
  if (given.schema !== undefined) return new Map([[1, schemaOf(`${type}: schema`, given.schema)]])
  const entries = Object.entries(record(given.versions, `${type}: versions must be an object`))
  const first = Number(entries[0]?.[0])
  // Integer keys come in ascending order, so a run is contiguous exactly if each key is the next number.
  const versions = entries.map(([key, schema], index): [number, AnySchema] => {
    if (!/^[1-9]\d{0,8}$/.test(key) || Number(key) !== first + index) {
      throw new TypeError(
        `${type}: versions must be a contiguous run of positive integers, and ${JSON.stringify(key)} is not in it`,
      )
    }
    return [Number(key), schemaOf(`${type}: version ${key}`, schema)]
  })
  if (versions.length === 0) throw new TypeError(`${type}: versions must hold at least one schema`)
  return new Map(versions)
}

function resolveUpcasts(
  type: string,
  upcast: unknown,
  numbers: readonly number[],
): ReadonlyMap<number, Upcast> {
  const given = upcast === undefined ? {} : record(upcast, `${type}: upcast must be an object`)
  const steps = numbers.slice(0, -1)
  for (const key of Object.keys(given)) {
    if (!steps.some((version) => String(version) === key)) {
      throw new TypeError(
        `${type}: upcast ${JSON.stringify(key)} has no version to start from and a next one`,
      )
    }
  }
  return new Map(
    steps.map((version) => {
      const step = given[version]
      if (!isUpcast(step)) {
        throw new TypeError(
          `${type}: upcast ${version} must be a function from version ${version} to version ${version + 1}`,
        )
      }
      return [version, step]
    }),
  )
}

function schemaOf(name: string, value: unknown): AnySchema {
  if (isStandardSchema(value)) return value
  throw new TypeError(`${name} must be a Standard Schema (zod, valibot, arktype, …)`)
}

function isUpcast(value: unknown): value is Upcast {
  return typeof value === 'function'
}

/**
 * A plain object. `{ __proto__: schema }` written as a literal sets the prototype and defines nothing, which would
 * otherwise go unseen.
 */
function record(value: unknown, problem: string): Readonly<Record<string, unknown>> {
  if (!isPlain(value)) throw new TypeError(problem)
  return value
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object of another realm (Jest) has another Object.prototype, itself without a prototype.
  return (
    prototype === null || (Object.getPrototypeOf(prototype) === null && !isStandardSchema(value))
  )
}
