import type { FanOut, NewDelivery } from '@posthorn/sender'
import type { Connection } from '../connection'
import { type RowsStatement, writeRows } from '../rows'
import { int } from '../values'
import type { Reservation } from './counters'
import { TouchedLanes } from './lanes'
import { ChangedLines, type KeyLine, replayPosition } from './order'
import type { Queued } from './queued'
import { type FinalStatus, Tallies } from './tallies'

const FIND_LANE = `
  SELECT seq, status, ordered FROM posthorn_endpoints INDEXED BY posthorn_endpoints_id
  WHERE tenant_id = ? AND id = ?`

const INSERT_DELIVERIES: RowsStatement = {
  into: `
    INSERT INTO posthorn_deliveries
      (seq, event_seq, tenant_id, id, endpoint_id, message_id, envelope, replay_of, created_at,
        status, reason, finished_at, attempt, lost, solo_lost, deferred)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0)',
}

const ENQUEUE: RowsStatement = {
  into: `
    INSERT INTO posthorn_queue
      (seq, lane, line, due_at, event_seq, tenant_id, id, message_id, envelope, created_at,
        order_key, position, solo, attempt, lost, solo_lost, deferred)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)',
}

/** Under a lease from the start. */
const ENQUEUE_LEASED: RowsStatement = {
  into: `
    INSERT INTO posthorn_queue
      (seq, lane, due_at, event_seq, tenant_id, id, envelope, created_at, position, leased_until,
        token, solo, attempt, lost, solo_lost, deferred)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, 0, 0, 0)',
}

/** Behind the first of its key; see order.ts. */
const HELD = 2

const INSERT_BODY = `
  INSERT INTO posthorn_event_bodies (event_seq, envelope, body) VALUES (?, ?, ?)
  ON CONFLICT DO NOTHING`

/** The event that deliveries are made for. */
export interface Parent {
  readonly seq: number
  readonly tenantId: string
  readonly orderingKey: string | null
}

export interface AddedDelivery extends NewDelivery {
  /** Absent: the event's id. */
  readonly messageId?: string
  readonly replayOf?: string
  readonly isReplay?: boolean
}

/** The lease that a delivery is born with. */
export interface BirthLease {
  readonly lane: number
  readonly until: number
  readonly token: number
}

interface DeliveryLane {
  readonly lane: number
  readonly ordered: boolean
}

type Column = string | number | null

interface Beginning {
  readonly status: FinalStatus | null
  readonly reason: string | null
}

/** Writes new deliveries, together, at the end of an operation (`flush`). */
export class DeliveryWriter {
  readonly #connection: Connection
  readonly #now: number
  readonly #rows: (readonly Column[])[] = []
  readonly #queued: (readonly Column[])[] = []
  readonly #leased: (readonly Column[])[] = []
  readonly #lanes = new Map<string, DeliveryLane | undefined>()
  readonly #touched = new TouchedLanes()
  readonly #tallies = new Tallies()
  readonly #lines = new ChangedLines()

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
    const finishedAt = status === null ? null : this.#now
    const head = [seq, event.seq, event.tenantId, id, endpointId, messageId, envelope, replayOf]
    head.push(reserved.time, status, reason, finishedAt)
    this.#rows.push(head)
    if (status !== null || lane === undefined) {
      this.#tallies.add(event.tenantId, status ?? 'canceled', 1)
      return
    }
    const key = lane.ordered ? event.orderingKey : null
    const position = delivery.isReplay ? this.#replayPosition(lane.lane, event, seq) : event.seq
    this.#queued.push([
      ...[seq, lane.lane, key === null ? 0 : HELD, this.#now, event.seq, event.tenantId, id],
      ...[messageId, envelope, reserved.time, key, position],
    ])
    if (key === null) this.#touched.add(lane.lane, this.#now)
    else this.lookAtLine({ lane: lane.lane, key, tenantId: event.tenantId })
  }

  /** Of an endpoint that would give it to a claim at once. Answers what it adds to the queue. */
  addLeased(
    { seq: eventSeq, tenantId }: Parent,
    { id, endpointId, envelope: wanted }: NewDelivery,
    { lease: { lane, until, token }, reserved }: { lease: BirthLease; reserved: Reservation },
  ): Queued {
    const seq = reserved.nextSeq()
    const envelope = wanted ?? null
    const createdAt = reserved.time
    const row = [seq, eventSeq, tenantId, id, endpointId, null, envelope, null, createdAt]
    this.#rows.push([...row, null, null, null])
    this.#leased.push([
      ...[seq, lane, this.#now, eventSeq, tenantId, id, envelope, createdAt, eventSeq],
      ...[until, token],
    ])
    return {
      seq,
      lane,
      dueAt: this.#now,
      leased: true,
      leasedUntil: until,
      token,
      solo: false,
      progress: { attempt: 1, lost: 0, soloLost: 0, deferred: 0 },
      lastStatus: null,
      eventSeq,
      tenantId,
      id,
      messageId: null,
      envelope,
      createdAt,
      orderKey: null,
      position: eventSeq,
    }
  }

  /** Lets the first of a line go, at the end of the operation. */
  lookAtLine(line: KeyLine): void {
    this.#lines.add(line)
  }

  #replayPosition(lane: number, { seq: eventSeq, orderingKey }: Parent, seq: number): number {
    if (orderingKey === null) return seq
    return replayPosition(this.#connection, { lane, key: orderingKey }, { seq, eventSeq })
  }

  /** The lane of an endpoint that exists. */
  laneOf(tenantId: string, endpointId: string): DeliveryLane | undefined {
    const key = `${tenantId.length}:${tenantId}${endpointId}`
    if (!this.#lanes.has(key)) {
      const row = this.#connection.get(FIND_LANE, tenantId, endpointId)
      const ordered = row?.status !== 'disabled' && row?.ordered !== null
      this.#lanes.set(key, row && { lane: int(row, 'seq'), ordered })
    }
    return this.#lanes.get(key)
  }

  /** Writes the rows so far, for whoever looks for them before the end. */
  writeRows(): void {
    writeRows(this.#connection, INSERT_DELIVERIES, this.#rows.splice(0))
    writeRows(this.#connection, ENQUEUE, this.#queued.splice(0))
    writeRows(this.#connection, ENQUEUE_LEASED, this.#leased.splice(0))
  }

  flush(): void {
    this.writeRows()
    this.#touched.write(this.#connection)
    this.#lines.write(this.#connection)
    this.#tallies.write(this.#connection)
  }
}

function beginningOf({ state }: AddedDelivery, lane: DeliveryLane | undefined): Beginning {
  if (state.status === 'skipped') return { status: 'skipped', reason: state.reason }
  return { status: lane === undefined ? 'canceled' : null, reason: null }
}
