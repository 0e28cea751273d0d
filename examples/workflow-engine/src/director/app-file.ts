import { z } from 'zod'
import { openDatabase, query } from '../database'

// What the application wrote, read from its own file.

const handledRow = z
  .object({
    message_id: z.string(),
    event_id: z.string(),
    type: z.string(),
    signed_at: z.int(),
  })
  .transform((row) => ({
    messageId: row.message_id,
    eventId: row.event_id,
    type: row.type,
    signedAt: row.signed_at,
  }))

/** One time that a handler of the application ran. */
export type Handled = z.infer<typeof handledRow>

const viewRow = z.object({ run_id: z.string(), status: z.string() })

export interface AppFile {
  handled(): readonly Handled[]
  /** The status of each run, as the application knows it. */
  runStatuses(): ReadonlyMap<string, string>
  close(): void
}

export async function openAppFile(file: string): Promise<AppFile> {
  const db = await openDatabase(file)
  return {
    handled: () =>
      query(db, 'select message_id, event_id, type, signed_at from handled', handledRow),
    runStatuses: () => {
      const seen = query(db, 'select run_id, status from run_view', viewRow)
      return new Map(seen.map((row) => [row.run_id, row.status]))
    },
    close: () => db.close?.(),
  }
}
