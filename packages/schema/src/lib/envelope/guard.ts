import type { ValidationIssue } from '../event'
import { isEventType, isMessageId } from '../names'
import { isTimestamp } from './timestamp'

/** The `standard` envelope on the wire. Fields beyond these are allowed and ignored. */
export interface StandardEnvelope {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  /** Absent means 1. */
  readonly version?: number
  readonly data: unknown
}

/** Whether `value`, as parsed from JSON, is a `standard` envelope: its own fields exactly right, others ignored. */
export function isEnvelope(value: unknown): value is StandardEnvelope {
  return envelopeIssues(value).length === 0
}

const rules: readonly (readonly [string, (value: unknown) => boolean, string])[] = [
  ['id', (id) => typeof id === 'string' && isMessageId(id), 'must match [A-Za-z0-9_-]{1,128}'],
  [
    'type',
    (type) => typeof type === 'string' && isEventType(type),
    'must be segments of [A-Za-z0-9_-] joined by ".", at most 128 characters',
  ],
  [
    'timestamp',
    (timestamp) => typeof timestamp === 'string' && isTimestamp(timestamp),
    'must be an ISO 8601 time with a zone',
  ],
  [
    'version',
    (version) => version === undefined || isVersion(version),
    'must be a positive integer, or absent',
  ],
  ['data', (data) => data !== undefined, 'must be present'],
]

/** What keeps `value` from being a `standard` envelope; empty when nothing does. */
export function envelopeIssues(value: unknown): readonly ValidationIssue[] {
  if (!isObject(value)) return [{ path: '', message: 'must be a JSON object' }]
  const issues: ValidationIssue[] = []
  for (const [path, holds, message] of rules) {
    // Own fields only: a polluted prototype must not complete an envelope.
    if (!holds(Object.hasOwn(value, path) ? value[path] : undefined)) issues.push({ path, message })
  }
  return issues
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}
