import type { LeaseRef } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int } from '../values'
import { TouchedLanes } from './lanes'
import { lineOf, mayStay } from './order'
import { findQueued, type Queued } from './queued'

const FIND_SEQ = `
  SELECT seq FROM posthorn_deliveries INDEXED BY posthorn_deliveries_id
  WHERE tenant_id = ? AND id = ?`

const EXTEND = 'UPDATE posthorn_queue SET leased_until = max(leased_until, ?) WHERE seq = ?'

const RELEASE = `
  UPDATE posthorn_queue SET
    line = (lost >= 2), leased_until = NULL, token = NULL, solo = 0, attempt = attempt - 1
  WHERE seq = ?`

/** Each claim has a number of its own, each row in it the number with its `seq`. */
export const tokenOf = (seq: number, token: number): string => `${seq}-${token}`

/** What is claimed under a token; no row has `seq` 0. */
export function seqOf(token: string): number {
  const seq = Number.parseInt(token, 10)
  return Number.isSafeInteger(seq) ? seq : 0
}

/** The `seq` of a delivery, finished or not. */
export function findSeq(connection: Connection, tenantId: string, id: string): number | undefined {
  const row = connection.get(FIND_SEQ, tenantId, id)
  return row && int(row, 'seq')
}

/** The token, where a row is under its lease as the claim left it; in the order asked for. */
const FIND_TOKENS = `
  SELECT json_group_array((
    SELECT CASE WHEN line IS NULL AND order_key IS NULL THEN token END
    FROM posthorn_queue WHERE seq = j.value)) AS json
  FROM json_each(?) AS j`

const mostClaimed = 4_096

/** The rows that this store gave out last under leases, by token, so that they need not be read again. */
export class Claimed {
  readonly #rows = new Map<string, Queued>()

  add(token: string, queued: Queued): void {
    this.#rows.set(token, queued)
    if (this.#rows.size <= mostClaimed) return
    for (const oldest of this.#rows.keys()) {
      this.#rows.delete(oldest)
      return
    }
  }

  /** Gives it up: nobody settles twice. */
  take(lease: LeaseRef): Queued | undefined {
    const queued = this.#rows.get(lease.token)
    this.#rows.delete(lease.token)
    return queued && holds(lease, queued) ? queued : undefined
  }
}

/** The same as `findHeld`, at a third of its price for rows that are as they were given out. */
export function findClaimed(
  connection: Connection,
  claimed: Claimed,
  leases: readonly LeaseRef[],
): readonly (Queued | undefined)[] {
  const known = leases.map((lease) => claimed.take(lease))
  if (!known.some((queued) => queued)) return findHeld(connection, leases)
  const seqs = JSON.stringify(known.map((queued) => queued?.seq ?? 0))
  const tokens = connection.json<readonly (number | null)[]>(FIND_TOKENS, seqs)
  const found = known.map((queued, index) => (queued?.token === tokens[index] ? queued : undefined))
  const others = leases.filter((_, index) => !found[index])
  if (others.length === 0) return found
  const held = findHeld(connection, others)
  const heldOf = new Map(others.map((lease, index) => [lease, held[index]]))
  return leases.map((lease, index) => found[index] ?? heldOf.get(lease))
}

/** For each lease the delivery under it, while nobody claimed, settled or canceled it after it was given. */
export function findHeld(
  connection: Connection,
  leases: readonly LeaseRef[],
): readonly (Queued | undefined)[] {
  const found = findQueued(
    connection,
    leases.map(({ token }) => seqOf(token)),
  )
  return leases.map((lease) => {
    const queued = found.get(seqOf(lease.token))
    return queued && holds(lease, queued) ? queued : undefined
  })
}

function holds(lease: LeaseRef, { seq, token, progress, tenantId, id }: Queued): boolean {
  const same = token !== null && lease.token === tokenOf(seq, token)
  const named = tenantId === lease.tenantId && id === lease.deliveryId
  return same && named && progress.attempt === lease.attempt
}

/** Whether its losses, without a lease that may have run out since, make it a suspect. */
export const isSuspect = ({ progress }: Queued): boolean => progress.lost >= 2

/** An expired lease is not prolonged: its place under the endpoint's cap may be taken. */
export function extendLeases(
  connection: Connection,
  leases: readonly LeaseRef[],
  { now, leaseMs }: { readonly now: number; readonly leaseMs: number },
): readonly LeaseRef[] {
  const found = findHeld(connection, leases)
  return leases.filter((_, index) => {
    const held = found[index]
    if (!held?.leased || (held.leasedUntil ?? 0) <= now) return false
    connection.run(EXTEND, now + Math.round(leaseMs), held.seq)
    return true
  })
}

export function releaseLeases(connection: Connection, leases: readonly LeaseRef[]): void {
  const touched = new TouchedLanes()
  for (const held of new Set(findHeld(connection, leases))) {
    if (!held) continue
    connection.run(RELEASE, held.seq)
    const line = lineOf(held)
    if (line && !mayStay(connection, line, held.seq)) continue
    if (!isSuspect(held)) touched.add(held.lane, held.dueAt)
  }
  touched.write(connection)
}
