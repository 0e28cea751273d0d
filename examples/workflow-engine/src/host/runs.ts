import { z } from 'zod'
import { type Database, query } from '../database'
import { processIds } from '../engine/processes'
import type { LifecycleInput, LifecycleType } from '../events'

export const newRunSchema = z.object({
  id: z.string(),
  process: z.enum(processIds),
  variables: z.object({ cardDeclined: z.boolean().optional(), express: z.boolean().optional() }),
})

/** A run as it is ordered. */
export type NewRun = z.infer<typeof newRunSchema>

const runRow = newRunSchema.extend({
  variables: z
    .string()
    .transform((json): unknown => JSON.parse(json))
    .pipe(newRunSchema.shape.variables),
  started_at: z.string(),
})

export interface UnfinishedRun extends NewRun {
  readonly startedAt: string
}

export type RunStatus = 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'

const migration = `
create table if not exists runs (
  id          text primary key,
  process     text not null,
  variables   text not null,
  status      text not null,
  started_at  text not null,
  -- How many lifecycle events this run has had: as many as were sent, because both are written in one transaction.
  transitions integer not null default 0
) strict`

const sql = {
  add: `insert into runs (id, process, variables, status, started_at) values (?, ?, ?, 'queued', ?)
        on conflict do nothing`,
  apply: `update runs set transitions = transitions + 1, status = coalesce(?, status) where id = ?`,
  unfinished: `select id, process, variables, started_at from runs
               where status not in ('completed', 'failed', 'cancelled') order by rowid`,
}

/** The host's own state: what runs there are, and where each one stands. */
export interface Runs {
  migrate(): void
  add(runs: readonly NewRun[], startedAt: Date): void
  /** Brings a run to where a lifecycle event says it is. Call it in the event's transaction. */
  apply(event: LifecycleInput): void
  /** Runs that have not ended, because they are under way or because the process died. */
  unfinished(): readonly UnfinishedRun[]
}

export function createRuns(db: Database): Runs {
  return {
    migrate: () => db.exec(migration),
    add: (runs, startedAt) => {
      const insert = db.prepare(sql.add)
      for (const { id, process, variables } of runs) {
        insert.run(id, process, JSON.stringify(variables), startedAt.toISOString())
      }
    },
    apply: ({ type, data }) => {
      db.prepare(sql.apply).run(statusAfter(type) ?? null, data.runId)
    },
    unfinished: () =>
      query(db, sql.unfinished, runRow).map(({ started_at: startedAt, ...run }) => ({
        ...run,
        startedAt,
      })),
  }
}

/** What an event says of its run; undefined where it says nothing of the run as a whole. */
function statusAfter(type: LifecycleType): RunStatus | undefined {
  switch (type) {
    case 'run.started':
    case 'node.running':
      return 'running'
    case 'run.waiting':
      return 'waiting'
    case 'run.completed':
      return 'completed'
    case 'run.failed':
      return 'failed'
    case 'run.cancelled':
      return 'cancelled'
    default:
      return undefined
  }
}
