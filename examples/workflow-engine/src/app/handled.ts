import type { HandlerContext } from '@posthorn/receiver'
import type { Database } from '../database'
import type { LifecycleEvent } from '../events'

// No unique key, on purpose: a message that was handled twice would be here twice.
const migration = `
create table if not exists handled (
  message_id text not null,
  event_id   text not null,
  type       text not null,
  signed_at  integer
) strict`

const insert = 'insert into handled (message_id, event_id, type, signed_at) values (?, ?, ?, ?)'

/** One row for each time that a handler ran. */
export interface HandledLog {
  migrate(): void
  add(event: LifecycleEvent, context: HandlerContext): void
}

export function createHandledLog(db: Database): HandledLog {
  return {
    migrate: () => db.exec(migration),
    add: ({ id, type }, { messageId, signedAt = null }) => {
      db.prepare(insert).run(messageId, id, type, signedAt)
    },
  }
}
