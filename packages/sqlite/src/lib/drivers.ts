import { createRequire } from 'node:module'
import { isRow } from './values'

/** In the order of preference: what needs no install first, then the most common one. */
export const DRIVERS = ['node:sqlite', 'better-sqlite3', 'libsql'] as const

export type SqliteDriver = (typeof DRIVERS)[number]

type Constructor = new (path: string) => unknown

/** What stands in the way of a driver, in a few words. */
export class DriverProblem {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/**
 * Loads a driver and tries it, as a native one may be installed and yet not fit this Node.
 *
 * `require` and not `import()`: all three can be had that way, and Jest runs it in CommonJS as well.
 */
export function loadDriver(name: SqliteDriver): Constructor | DriverProblem {
  const loaded = name === 'node:sqlite' ? builtIn(name) : installed(name)
  if (loaded instanceof DriverProblem) return loaded
  const found = constructorIn(loaded)
  if (!found) return new DriverProblem('has no database class')
  try {
    const trial: unknown = new found(':memory:')
    if (isRow(trial) && typeof trial.close === 'function') trial.close()
    return found
  } catch {
    return new DriverProblem('does not start; reinstall it for this version of Node')
  }
}

function builtIn(name: 'node:sqlite'): unknown {
  const getBuiltinModule: unknown = Reflect.get(process, 'getBuiltinModule')
  const found: unknown =
    typeof getBuiltinModule === 'function' ? getBuiltinModule.call(process, name) : undefined
  return found ?? new DriverProblem(`is not part of Node ${process.versions.node}`)
}

function installed(name: string): unknown {
  try {
    // Whichever of the two this module's format has.
    const here = typeof __filename === 'string' ? __filename : import.meta.url
    return createRequire(here)(name)
  } catch (error) {
    const missing = isRow(error) && error.code === 'MODULE_NOT_FOUND'
    return new DriverProblem(missing ? 'is not installed' : 'does not load')
  }
}

/** `DatabaseSync` of node:sqlite; the other two export their class as the module, or as its default. */
function constructorIn(loaded: unknown): Constructor | undefined {
  const members = isRow(loaded) || isConstructor(loaded) ? loaded : {}
  const candidates = [Reflect.get(members, 'DatabaseSync'), Reflect.get(members, 'default'), loaded]
  return candidates.find(isConstructor)
}

const isConstructor = (value: unknown): value is Constructor => typeof value === 'function'
