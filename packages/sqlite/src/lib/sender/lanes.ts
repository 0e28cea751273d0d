import type { Connection } from '../connection'

/*
 * A lane is an endpoint's part of the queue. Those with due work stand in line (`turn`) and are served in turn; a lane that was served goes to
 * the end, one with nothing due leaves, and comes back at `wake_at`. A claim so costs what it claims, however many wait.
 */

const TOUCH = `
  UPDATE posthorn_lanes SET wake_at = max(opens_at, j.value ->> 1)
  FROM json_each(?) AS j
  WHERE posthorn_lanes.lane = j.value ->> 0 AND turn IS NULL
    AND (wake_at IS NULL OR wake_at > j.value ->> 1)`

const WAKE = `
  UPDATE posthorn_lanes
  SET turn = (SELECT turns + 1 FROM posthorn_counters), wake_at = NULL
  WHERE wake_at <= ?`

const PASS_TURN = 'UPDATE posthorn_counters SET turns = turns + 1 WHERE id = 1'

/** In line stays who stood there, is open and has due work. Anybody else wakes when open and when the first of what waits is due. */
const REFRESH = `
  WITH
    input (now) AS (VALUES (?)),
    head (lane, turn, due_at) AS MATERIALIZED (
      SELECT value ->> 0, value ->> 1,
        (SELECT min(due_at) FROM posthorn_queue q WHERE q.line = 0 AND q.lane = value ->> 0)
      FROM json_each(?))
  UPDATE posthorn_lanes SET
    turn = CASE WHEN posthorn_lanes.turn IS NOT NULL AND max(opens_at, head.due_at) <= input.now
      THEN coalesce(head.turn, posthorn_lanes.turn) END,
    wake_at = CASE WHEN posthorn_lanes.turn IS NOT NULL AND max(opens_at, head.due_at) <= input.now
      THEN NULL ELSE max(opens_at, head.due_at) END
  FROM head CROSS JOIN input WHERE posthorn_lanes.lane = head.lane`

const CREATE_LANE = `
  INSERT INTO posthorn_lanes (lane, failing, opens_at, solo_turn) VALUES (?, ?, ?, 0)`

const SET_LANE = 'UPDATE posthorn_lanes SET failing = ?, opens_at = ? WHERE lane = ?'

const REMOVE_LANE = 'DELETE FROM posthorn_lanes WHERE lane = ?'

/** The lanes that an operation gave waiting deliveries, each with the earliest due time among them. */
export class TouchedLanes {
  readonly #dueAt = new Map<number, number>()

  add(lane: number, dueAt: number): void {
    const known = this.#dueAt.get(lane)
    if (known === undefined || dueAt < known) this.#dueAt.set(lane, dueAt)
  }

  write(connection: Connection): void {
    if (this.#dueAt.size > 0) connection.run(TOUCH, JSON.stringify([...this.#dueAt]))
  }
}

/** Lets the lanes whose time has come join the line. */
export function wakeLanes(connection: Connection, now: number): void {
  if (connection.run(WAKE, now) > 0) connection.run(PASS_TURN)
}

/** A lane to look at, with its new place in line if it was served. */
export interface Visited {
  readonly lane: number
  readonly turn?: number
}

/** To be called for lanes that lost waiting deliveries otherwise than by their time: nobody without due work is to stand in line. */
export function refreshLanes(connection: Connection, lanes: readonly Visited[], now: number): void {
  if (lanes.length === 0) return
  connection.run(REFRESH, now, JSON.stringify(lanes.map(({ lane, turn = null }) => [lane, turn])))
}

/** What a lane takes from its endpoint. `opensAt` is null while that is paused. */
export interface LaneState {
  readonly lane: number
  readonly failing: boolean
  readonly opensAt: number | null
}

export function createLane(connection: Connection, { lane, failing, opensAt }: LaneState): void {
  connection.run(CREATE_LANE, lane, Number(failing), opensAt)
}

export function changeLane(connection: Connection, state: LaneState, now: number): void {
  connection.run(SET_LANE, Number(state.failing), state.opensAt, state.lane)
  refreshLanes(connection, [{ lane: state.lane }], now)
}

export function removeLane(connection: Connection, lane: number): void {
  connection.run(REMOVE_LANE, lane)
}
