import type { Database } from '../database'

const migration = `
create table if not exists run_view (
  run_id  text primary key,
  process text not null,
  status  text not null,
  detail  text not null,
  at      text not null
) strict`

// Events come in any order, because each is tried again by itself. Only a later one changes the view.
const upsert = `
insert into run_view (run_id, process, status, detail, at) values (?, ?, ?, ?, ?)
on conflict (run_id) do update set status = excluded.status, detail = excluded.detail, at = excluded.at
where excluded.at > run_view.at`

export interface RunInView {
  readonly runId: string
  readonly processName: string
}

export interface RunState {
  readonly status: string
  readonly detail?: string
  /** When it came to be so: ISO 8601. */
  readonly at: string
}

/** What the application makes of the events: where each run of the host stands. */
export interface RunView {
  migrate(): void
  show(run: RunInView, state: RunState): void
}

export function createRunView(db: Database): RunView {
  return {
    migrate: () => db.exec(migration),
    show: ({ runId, processName }, { status, detail = '', at }) => {
      db.prepare(upsert).run(runId, processName, status, detail, at)
    },
  }
}
