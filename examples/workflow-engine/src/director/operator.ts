import type { WorkerOptions } from '@posthorn/sender'
import { type Database, openDatabase } from '../database'
import { createRuns, type Runs } from '../host/runs'
import { createHostSender, type HostSender } from '../host/sender'

/** The host's operator: a second process on the same SQLite file. It manages and reads; the host's worker delivers. */
export interface Operator {
  readonly db: Database
  readonly sender: HostSender
  readonly runs: Runs
  /** Whether every run has ended and every delivery is finished. */
  settled(): Promise<boolean>
  close(): void
}

export async function openOperator(file: string, worker?: WorkerOptions): Promise<Operator> {
  const db = await openDatabase(file)
  const sender = createHostSender(db, worker)
  const runs = createRuns(db)
  runs.migrate()
  await sender.migrate()
  return {
    db,
    sender,
    runs,
    settled: async () => {
      if (runs.unfinished().length > 0) return false
      const { recorded, pending, delivering } = await sender.statistics()
      return recorded + pending + delivering === 0
    },
    close: () => db.close?.(),
  }
}
