import type { AttemptReport } from '../host/messages'

/** What the host reported of its requests since the log was last cleared. */
export interface AttemptLog {
  readonly ok: number
  readonly failed: number
  /** Requests for the very first event. */
  readonly ofFirst: number
  add(attempt: AttemptReport): void
  clear(): void
}

/** @param onFirst told of each request for the very first event */
export function createAttemptLog(onFirst: (attempt: AttemptReport) => void): AttemptLog {
  let [ok, failed, ofFirst] = [0, 0, 0]
  let firstEvent: string | undefined
  return {
    get ok() {
      return ok
    },
    get failed() {
      return failed
    },
    get ofFirst() {
      return ofFirst
    },
    add(attempt) {
      if (attempt.ok) ok += 1
      else failed += 1
      firstEvent ??= attempt.eventId
      if (attempt.eventId !== firstEvent) return
      ofFirst += 1
      onFirst(attempt)
    },
    clear() {
      ok = 0
      failed = 0
    },
  }
}
