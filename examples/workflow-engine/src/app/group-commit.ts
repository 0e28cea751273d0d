import { type Database, transaction } from '../database'

/**
 * Writes that wait for the disk together: those of handlers that run at the same time share one transaction. A write is
 * durable when its promise resolves.
 */
export interface GroupCommit {
  write(work: () => void): Promise<void>
}

interface Waiting {
  readonly work: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function createGroupCommit(db: Database): GroupCommit {
  let waiting: Waiting[] = []

  function flush(): void {
    const group = waiting
    waiting = []
    try {
      transaction(db, () => {
        for (const { work } of group) work()
      })
      for (const { resolve } of group) resolve()
    } catch (error) {
      // None of it was written: each handler fails, and its event is sent again.
      for (const { reject } of group) reject(error)
    }
  }

  return {
    write: (work) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ work, resolve, reject })
      }),
  }
}
