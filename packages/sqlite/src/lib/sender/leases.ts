import type { LeaseRef } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, isNull, optionalInt, type Row } from '../values'
import { TouchedLanes } from './lanes'

const QUEUED = 'q.lane, q.line, q.token, q.attempt, q.leased_until, q.due_at, q.lost'

/** A token tells the `seq`; the names are compared afterwards. */
const FIND_BY_SEQ = `
  SELECT d.seq, d.tenant_id, d.id, ${QUEUED}
  FROM json_each(?) AS j
    CROSS JOIN posthorn_deliveries d ON d.seq = j.value
    LEFT JOIN posthorn_queue q ON q.seq = d.seq`

const FIND_BY_NAME = `
  SELECT d.seq, ${QUEUED}
  FROM posthorn_deliveries d LEFT JOIN posthorn_queue q ON q.seq = d.seq
  WHERE d.tenant_id = ? AND d.id = ?`

const EXTEND = `
  UPDATE posthorn_queue SET leased_until = max(leased_until, ?)
  WHERE seq IN (SELECT value FROM json_each(?))`

const RELEASE = `
  UPDATE posthorn_queue SET
    line = (lost >= 2), leased_until = NULL, token = NULL, solo = 0, attempt = attempt - 1
  WHERE seq IN (SELECT value FROM json_each(?))`

/** Each claim has a number of its own, each delivery in it the number with its `seq`. */
export const tokenOf = (seq: number, token: number): string => `${seq}-${token}`

/** Where a named delivery stands; `queued` is absent once it is finished. */
export interface Found {
  readonly seq: number
  readonly queued?: Queued
}

export interface Queued {
  readonly lane: number
  readonly dueAt: number
  readonly lost: number
  readonly attempt: number
  /** Absent while pending. */
  readonly token?: string
  /** Absent when the lease ran out and the delivery went back into its lane. */
  readonly leasedUntil?: number
}

/** For each lease its delivery, undefined where there is none. */
export function findLeased(
  connection: Connection,
  leases: readonly LeaseRef[],
): readonly (Found | undefined)[] {
  const rows = new Map<number, Row>()
  for (const row of connection.all(FIND_BY_SEQ, JSON.stringify(leases.map(seqOf)))) {
    rows.set(int(row, 'seq'), row)
  }
  return leases.map((lease) => {
    const row = rows.get(seqOf(lease))
    const named = row?.tenant_id === lease.tenantId && row.id === lease.deliveryId
    return named ? toFound(row) : findDelivery(connection, lease.tenantId, lease.deliveryId)
  })
}

export function findDelivery(
  connection: Connection,
  tenantId: string,
  id: string,
): Found | undefined {
  const row = connection.get(FIND_BY_NAME, tenantId, id)
  return row && toFound(row)
}

/** No row has `seq` 0. */
function seqOf({ token }: LeaseRef): number {
  const seq = Number.parseInt(token, 10)
  return Number.isSafeInteger(seq) ? seq : 0
}

function toFound(row: Row): Found {
  const seq = int(row, 'seq')
  if (isNull(row, 'lane')) return { seq }
  const token = optionalInt(row, 'token')
  return {
    seq,
    queued: {
      lane: int(row, 'lane'),
      dueAt: int(row, 'due_at'),
      lost: int(row, 'lost'),
      attempt: int(row, 'attempt'),
      ...(token === undefined ? {} : { token: tokenOf(seq, token) }),
      ...(isNull(row, 'line') ? { leasedUntil: int(row, 'leased_until') } : {}),
    },
  }
}

/** Whether nobody claimed, settled or canceled the delivery after this lease was given. */
export function holds(lease: LeaseRef, found: Found | undefined): found is HeldDelivery {
  const queued = found?.queued
  return queued !== undefined && queued.token === lease.token && queued.attempt === lease.attempt
}

export type HeldDelivery = Found & { readonly queued: Queued }

/** An expired lease is not prolonged: its place under the endpoint's cap may be taken. */
export function extendLeases(
  connection: Connection,
  leases: readonly LeaseRef[],
  { now, leaseMs }: { now: number; leaseMs: number },
): readonly LeaseRef[] {
  const found = findLeased(connection, leases)
  const kept: LeaseRef[] = []
  const seqs: number[] = []
  for (const [index, lease] of leases.entries()) {
    const delivery = found[index]
    if (!holds(lease, delivery) || (delivery.queued.leasedUntil ?? 0) <= now) continue
    kept.push(lease)
    seqs.push(delivery.seq)
  }
  if (kept.length > 0) connection.run(EXTEND, now + Math.round(leaseMs), JSON.stringify(seqs))
  return kept
}

export function releaseLeases(connection: Connection, leases: readonly LeaseRef[]): void {
  const found = findLeased(connection, leases)
  const touched = new TouchedLanes()
  const seqs = new Set<number>()
  for (const [index, lease] of leases.entries()) {
    const delivery = found[index]
    if (!holds(lease, delivery)) continue
    seqs.add(delivery.seq)
    if (delivery.queued.lost < 2) touched.add(delivery.queued.lane, delivery.queued.dueAt)
  }
  if (seqs.size === 0) return
  connection.run(RELEASE, JSON.stringify([...seqs]))
  touched.write(connection)
}
