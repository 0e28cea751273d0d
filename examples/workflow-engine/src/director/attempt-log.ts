import type { AttemptReport } from '../host/messages'

/** What the host reported of its requests since the log was last cleared. */
export interface AttemptLog {
  readonly ok: number
  readonly failed: number
  /** Reports of the first event that was attempted. */
  readonly first: readonly AttemptReport[]
  add(attempt: AttemptReport): void
  clear(): void
}

export function createAttemptLog(): AttemptLog {
  let ok = 0
  let failed = 0
  let first: AttemptReport[] = []
  return {
    get ok() {
      return ok
    },
    get failed() {
      return failed
    },
    get first() {
      return first
    },
    add(attempt) {
      if (attempt.ok) ok += 1
      else failed += 1
      if (first[0] === undefined || first[0].eventId === attempt.eventId) first.push(attempt)
    },
    clear() {
      ok = 0
      failed = 0
      first = []
    },
  }
}
