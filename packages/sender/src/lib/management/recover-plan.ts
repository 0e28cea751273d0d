import { isEventType } from '@posthorn/schema'
import { checkFields } from '../checks'
import type { RecoverySelection } from '../model/recovery'
import { invalid, oneOf, time } from './arguments'

/** Which events come to which endpoints again. */
export interface RecoverOptions {
  /** One endpoint; absent: every endpoint of the tenant that is not disabled. */
  readonly endpointId?: string
  /** Exact event types, at most 100; absent: all. */
  readonly types?: readonly string[]
  /** Events recorded at or after. */
  readonly since: Date | string
  /** Events recorded before. Default: now. */
  readonly until?: Date | string
  /** What it failed (default); what it never got, though it matches the subscription; or all that matches (a resync). */
  readonly only?: RecoverySelection
  /** Only count. */
  readonly dryRun?: boolean
  /** New deliveries per second, so that a recovery does not flood the receiver. Default: as fast as the store takes them. */
  readonly perSecond?: number
  /** Called after each page of events, and waited for. What it throws ends the recovery. */
  readonly onProgress?: (soFar: Recovered) => void
}

/** What a recovery did, or has done so far. */
export interface Recovered {
  /** Events looked at, once per endpoint. */
  readonly examined: number
  /** Deliveries created; in a dry run, those that would be. */
  readonly recovered: number
  /** Chosen, but their payload was pruned. */
  readonly pruned: number
}

export interface RecoverPlan {
  readonly only: RecoverySelection
  readonly since: number
  readonly until: number
  readonly types: readonly string[] | undefined
  readonly dryRun: boolean
  readonly perSecond: number | undefined
  readonly onProgress: (soFar: Recovered) => void
}

const fields = [
  'endpointId',
  'types',
  'since',
  'until',
  'only',
  'dryRun',
  'perSecond',
  'onProgress',
] satisfies (keyof RecoverOptions)[]

const mostTypes = 100
const mostPerSecond = 100_000

export function checkPlan(options: RecoverOptions, now: number): RecoverPlan {
  checkFields('recover', options, fields)
  const { dryRun = false, perSecond, onProgress = () => {} } = options
  if (typeof dryRun !== 'boolean') throw invalid('dryRun', 'must be true or false')
  if (perSecond !== undefined && !isRate(perSecond))
    throw invalid('perSecond', `must be a number above 0, at most ${mostPerSecond}`)
  if (typeof onProgress !== 'function') throw invalid('onProgress', 'must be a function')
  return {
    only: oneOf(options.only, 'only', ['failed', 'missing', 'all']) ?? 'failed',
    ...checkRange(options, now),
    types: checkTypes(options.types),
    dryRun,
    perSecond,
    onProgress,
  }
}

function checkRange({ since: from, until: to }: RecoverOptions, now: number) {
  const since = time(from, 'since')
  if (since === undefined) throw invalid('since', 'is needed: from when on to recover')
  // The end is fixed at the start, so that a recovery never chases what it causes.
  const until = time(to, 'until') ?? Math.max(since, now + 1)
  if (since > until) throw invalid('since', 'must not be after `until`')
  return { since, until }
}

function isRate(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= mostPerSecond
}

function checkTypes(types: readonly string[] | undefined): readonly string[] | undefined {
  if (types === undefined) return undefined
  const isList = Array.isArray(types) && types.length >= 1 && types.length <= mostTypes
  if (isList && types.every((type) => typeof type === 'string' && isEventType(type)))
    return [...types]
  throw invalid('types', `must be an array of 1 to ${mostTypes} exact event types`)
}
