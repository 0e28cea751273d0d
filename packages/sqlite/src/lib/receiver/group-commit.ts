// A host's tests may replace the global one.
import { setImmediate } from 'node:timers'
import { toStoreError } from '../errors'
import type { Session } from '../session'

interface Call {
  /** Does its work, and answers how to tell the caller what came of it. */
  attempt(): () => void
  fail(error: unknown): void
}

export interface GroupCommit {
  /** Does `work` with the next commit, and answers after it. `work` may change the database with one statement, the last. */
  run<Result>(work: () => Result): Promise<Result>
  /** Commits what waits, at once. */
  flush(): void
}

/**
 * Commits the calls of one turn of the event loop in one transaction, in their order: a commit waits for the disk, however much is in it.
 *
 * A call that fails does so alone: SQLite undoes the statement that failed and not those before it. A commit that fails, fails them all.
 */
export function groupCommit(session: Session): GroupCommit {
  let waiting: Call[] = []
  const flush = () => {
    const calls = waiting
    waiting = []
    if (calls.length > 0) commit(session, calls)
  }
  return {
    flush,
    run: (work) =>
      new Promise((resolve, reject) => {
        const attempt = () => {
          try {
            const result = work()
            return () => resolve(result)
          } catch (error) {
            return () => reject(toStoreError(error))
          }
        }
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ attempt, fail: reject })
      }),
  }
}

function commit(session: Session, calls: readonly Call[]): void {
  let answers: readonly (() => void)[]
  try {
    answers = session.write(() => calls.map((call) => call.attempt()))
  } catch (error) {
    for (const call of calls) call.fail(error)
    return
  }
  for (const answer of answers) answer()
}
