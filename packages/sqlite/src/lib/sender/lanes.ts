import type { Pace } from '@posthorn/sender/store'
import type { Connection } from '../connection'
import type { Tenant } from './line-up'

/*
 * A lane is an endpoint's part of the queue. Those with due work stand in line (`turn`) and are served in turn; a lane that was served goes to
 * the end, one with nothing due leaves, and comes back at `wake_at`. Tenants take turns likewise: triggers let a tenant stand in line while one
 * of its lanes does (posthorn_turns). A claim so costs what it claims, however many wait.
 */

const TOUCH = `
  UPDATE posthorn_lanes SET wake_at = max(opens_at, paced_until, ?)
  WHERE lane = ? AND turn IS NULL AND (wake_at IS NULL OR wake_at > ?)`

const WAKE = `
  UPDATE posthorn_lanes INDEXED BY posthorn_lanes_timer
  SET turn = (SELECT turns + 1 FROM posthorn_counters WHERE id = 1), wake_at = NULL
  WHERE wake_at <= ?`

const TENANT_SERVED = 'UPDATE posthorn_turns SET turn = ? WHERE failing = ? AND tenant_id = ?'

const PASS_TURN = 'UPDATE posthorn_counters SET turns = turns + 1 WHERE id = 1'

/** When a lane may next be served: open, within its rate, and its first waiting delivery due. NULL if never. */
const READY_AT = `
  max(opens_at, paced_until, (
    SELECT min(q.due_at) FROM posthorn_queue q INDEXED BY posthorn_queue_waiting
    WHERE q.line = 0 AND q.lane = posthorn_lanes.lane))`

/** In line stays who stood there and may be served now. Anybody else wakes when that is so. */
const REFRESH = `
  UPDATE posthorn_lanes SET
    turn = CASE WHEN turn IS NOT NULL AND ${READY_AT} <= ? THEN coalesce(?, turn) END,
    wake_at = CASE WHEN turn IS NOT NULL AND ${READY_AT} <= ? THEN NULL ELSE ${READY_AT} END
  WHERE lane = ?`

const CREATE_LANE = `
  INSERT INTO posthorn_lanes
    (failing, opens_at, failing_since, pace_interval, pace_spare, lane, tenant_id, solo_turn)
  VALUES (?, ?, ?, ?, ?, ?, ?, 0)`

const SET_LANE = `
  UPDATE posthorn_lanes
  SET failing = ?, opens_at = ?, failing_since = ?, pace_interval = ?, pace_spare = ?
  WHERE lane = ?`

/** Before the lane has its new pace: a limit that changes begins anew. */
const BEGIN_PACE = `
  UPDATE posthorn_lanes SET pace_due = 0, paced_until = 0
  WHERE lane = ? AND NOT (pace_interval IS ? AND pace_spare IS ?)`

const REMOVE_LANE = 'DELETE FROM posthorn_lanes WHERE lane = ?'

/** The lanes that an operation gave waiting deliveries, each with the earliest due time among them. */
export class TouchedLanes {
  readonly #dueAt = new Map<number, number>()

  add(lane: number, dueAt: number): void {
    const known = this.#dueAt.get(lane)
    if (known === undefined || dueAt < known) this.#dueAt.set(lane, dueAt)
  }

  write(connection: Connection): void {
    for (const [lane, dueAt] of this.#dueAt) connection.run(TOUCH, dueAt, lane, dueAt)
  }
}

/** Lets the lanes whose time has come join the line. */
export function wakeLanes(connection: Connection, now: number): void {
  if (connection.run(WAKE, now) > 0) connection.run(PASS_TURN)
}

/**
 * To be called for a lane that lost waiting deliveries otherwise than by their time: nobody without due work is to stand in line. With a
 * `turn`, a lane that was served takes its new place.
 */
export function refreshLane(
  connection: Connection,
  { lane, turn, now }: { readonly lane: number; readonly turn?: number; readonly now: number },
): void {
  connection.run(REFRESH, now, turn ?? null, now, lane)
}

/** Puts a tenant at the end of its line, if it still stands there. */
export function serveTenant(
  connection: Connection,
  { id, failing }: Pick<Tenant, 'id' | 'failing'>,
  turn: number,
): void {
  connection.run(TENANT_SERVED, turn, Number(failing), id)
}

/** What a lane takes from its endpoint. `opensAt` is null while that is paused. */
export interface LaneState {
  readonly lane: number
  readonly failing: boolean
  readonly opensAt: number | null
  readonly failingSince?: number
  readonly pace?: Pace
}

export function createLane(connection: Connection, state: LaneState, tenantId: string): void {
  connection.run(CREATE_LANE, ...columnsOf(state), tenantId)
}

function columnsOf(state: LaneState): readonly (number | null)[] {
  const { lane, failing, opensAt, failingSince = null, pace } = state
  return [Number(failing), opensAt, failingSince, ...paceColumns(pace), lane]
}

const paceColumns = (pace: Pace | undefined): readonly (number | null)[] =>
  pace ? [pace.intervalMs, pace.spare] : [null, null]

export function changeLane(connection: Connection, state: LaneState, now: number): void {
  connection.run(BEGIN_PACE, state.lane, ...paceColumns(state.pace))
  connection.run(SET_LANE, ...columnsOf(state))
  refreshLane(connection, { lane: state.lane, now })
}

export function removeLane(connection: Connection, lane: number): void {
  connection.run(REMOVE_LANE, lane)
}
