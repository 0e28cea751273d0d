import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../database'
import { createHints, type Sleep } from './hints'
import { createListening, type PgListenerLike } from './listening'

/** How one process tells the others that there is work, and hears of theirs. */
export interface WakeUp {
  /** Something was committed. */
  hint(): void
  /** Absent where nothing listens. */
  readonly subscribe?: (listener: () => void) => () => void
}

const sleep: Sleep = (ms, signal) =>
  setTimeout(ms, undefined, { ref: false, ...(signal && { signal }) }).catch(() => {})

/** Without `open` nobody is told anything. */
export function createWakeUp(database: Database, open: (() => PgListenerLike) | undefined): WakeUp {
  if (open === undefined) return { hint() {} }
  const channel = `${database.schema}_work`
  const own = randomUUID()
  const statement = `SELECT pg_notify('${channel}', $1::text)::text AS result`
  return {
    hint: createHints(() => database.ask(statement, [own]), sleep),
    subscribe: createListening({ open, channel, isOwn: (payload) => payload === own, sleep }),
  }
}
