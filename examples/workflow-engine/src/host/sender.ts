import { createSender, type WorkerOptions } from '@posthorn/sender'
import { type SqliteLike, sqliteStore } from '@posthorn/sqlite/sender'
import { events } from '../events'

export type HostSender = ReturnType<typeof createHostSender>

/** A sender over the host's own SQLite file: the database that holds its runs holds its outbox. */
export function createHostSender(db: SqliteLike, worker: WorkerOptions = {}) {
  return createSender({
    events,
    store: sqliteStore(db),
    // So short that a demo can show them. Leave these out, and the defaults retry for three days.
    retry: { schedule: ['0s', '400ms', '800ms', '1500ms'], maxAttempts: 60 },
    timeout: '2s',
    worker: { lease: '4s', pollInterval: '100ms', ...worker },
    // The application is on this machine, without TLS. Refused in production.
    network: { development: true },
  })
}
