import type { FanOut, NewDelivery } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int } from '../values'
import type { Reservation } from './counters'
import { TouchedLanes } from './lanes'
import { type FinalStatus, Tallies } from './tallies'

const FIND_LANE = `
  SELECT seq FROM posthorn_endpoints INDEXED BY posthorn_endpoints_id
  WHERE tenant_id = ? AND id = ?`

const INSERT_DELIVERY = `
  INSERT INTO posthorn_deliveries
    (seq, event_seq, tenant_id, id, endpoint_id, message_id, envelope, replay_of, created_at,
      status, reason, finished_at, attempt, lost, solo_lost, deferred)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0)`

const ENQUEUE = `
  INSERT INTO posthorn_queue
    (seq, lane, line, due_at, solo, attempt, lost, solo_lost, deferred,
      event_seq, tenant_id, id, message_id, envelope, created_at)
  VALUES (?, ?, 0, ?, 0, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?)`

const INSERT_BODY = `
  INSERT INTO posthorn_event_bodies (event_seq, envelope, body) VALUES (?, ?, ?)
  ON CONFLICT DO NOTHING`

/** The event that deliveries are made for. */
export interface Parent {
  readonly seq: number
  readonly tenantId: string
}

export interface AddedDelivery extends NewDelivery {
  /** Absent: the event's id. */
  readonly messageId?: string
  readonly replayOf?: string
}

interface Beginning {
  readonly status: FinalStatus | null
  readonly reason: string | null
}

/** Writes new deliveries, and at the end of the operation (`flush`) what many of them share. */
export class DeliveryWriter {
  readonly #connection: Connection
  readonly #now: number
  readonly #lanes = new Map<string, number | undefined>()
  readonly #touched = new TouchedLanes()
  readonly #tallies = new Tallies()

  constructor(connection: Connection, now: number) {
    this.#connection = connection
    this.#now = now
  }

  addAll(event: Parent, fanOut: FanOut, reserved: Reservation): void {
    for (const { envelope, body } of fanOut.bodies) this.addBody(event, envelope, body)
    for (const delivery of fanOut.deliveries) this.add(event, delivery, reserved)
  }

  addBody(event: Parent, envelope: string, body: Uint8Array): void {
    this.#connection.run(INSERT_BODY, event.seq, envelope, body)
  }

  /** Due at once, unless skipped; born canceled when its endpoint is gone. */
  add(event: Parent, delivery: AddedDelivery, reserved: Reservation): void {
    const lane = this.laneOf(event.tenantId, delivery.endpointId)
    const { status, reason } = beginningOf(delivery, lane)
    const seq = reserved.nextSeq()
    const { id, endpointId, messageId = null, envelope = null, replayOf = null } = delivery
    this.#connection.run(
      INSERT_DELIVERY,
      ...[seq, event.seq, event.tenantId, id, endpointId, messageId, envelope, replayOf],
      ...[reserved.time, status, reason, status === null ? null : this.#now],
    )
    if (status !== null || lane === undefined) {
      this.#tallies.add(event.tenantId, status ?? 'canceled', 1)
      return
    }
    this.#connection.run(
      ENQUEUE,
      ...[seq, lane, this.#now, event.seq, event.tenantId, id, messageId, envelope, reserved.time],
    )
    this.#touched.add(lane, this.#now)
  }

  /** The lane of an endpoint that exists. */
  laneOf(tenantId: string, endpointId: string): number | undefined {
    const key = `${tenantId.length}:${tenantId}${endpointId}`
    if (!this.#lanes.has(key)) {
      const row = this.#connection.get(FIND_LANE, tenantId, endpointId)
      this.#lanes.set(key, row && int(row, 'seq'))
    }
    return this.#lanes.get(key)
  }

  flush(): void {
    this.#touched.write(this.#connection)
    this.#tallies.write(this.#connection)
  }
}

function beginningOf({ state }: AddedDelivery, lane: number | undefined): Beginning {
  if (state.status === 'skipped') return { status: 'skipped', reason: state.reason }
  return { status: lane === undefined ? 'canceled' : null, reason: null }
}
