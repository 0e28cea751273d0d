import { randomUUID } from 'node:crypto'
import type { ClaimKey, ClaimRef, ClaimResult } from '@posthorn/receiver'
import type { Connection } from '../connection'
import { int, isNull, type Row, text } from '../values'

/** How long a claim whose lease ran out is kept, so that its handler can still complete it. */
const ABANDONED_AFTER_MS = 86_400_000

const FIND_CLAIM = `
  SELECT fingerprint, token, until FROM posthorn_claims WHERE source = ? AND id = ?`

const TAKE_CLAIM = `
  INSERT INTO posthorn_claims (source, id, fingerprint, token, until) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    fingerprint = excluded.fingerprint, token = excluded.token, until = excluded.until`

const RENEW = 'UPDATE posthorn_claims SET until = ? WHERE source = ? AND id = ? AND token = ?'

const COMPLETE = `
  UPDATE posthorn_claims SET token = NULL, until = ? WHERE source = ? AND id = ? AND token = ?`

const RELEASE = 'DELETE FROM posthorn_claims WHERE source = ? AND id = ? AND token = ?'

const PRUNE = `
  DELETE FROM posthorn_claims WHERE (source, id) IN (
    SELECT source, id FROM posthorn_claims INDEXED BY posthorn_claims_until
    WHERE until <= ? AND (token IS NULL OR until <= ?) ORDER BY until LIMIT 0 + ?)`

/** A length of time from now on. */
export interface Span {
  readonly now: number
  readonly ms: number
}

const endOf = ({ now, ms }: Span): number => now + Math.round(ms)

/** Runs inside a transaction: what is read must still hold when the claim is written. */
export function takeClaim(
  connection: Connection,
  { source, id }: ClaimKey,
  fingerprint: string,
  lease: Span,
): ClaimResult {
  const known = connection.get(FIND_CLAIM, source, id)
  if (known && int(known, 'until') > lease.now) return stateOf(known, fingerprint, lease.now)
  const token = randomUUID()
  connection.run(TAKE_CLAIM, source, id, fingerprint, token, endOf(lease))
  return { state: 'acquired', token }
}

function stateOf(known: Row, fingerprint: string, now: number): ClaimResult {
  if (text(known, 'fingerprint') !== fingerprint) return { state: 'mismatch' }
  if (isNull(known, 'token')) return { state: 'done' }
  return { state: 'in_flight', retryInMs: int(known, 'until') - now }
}

export const renewClaim = (
  connection: Connection,
  { source, id, token }: ClaimRef,
  lease: Span,
): boolean => connection.run(RENEW, endOf(lease), source, id, token) > 0

export const completeClaim = (
  connection: Connection,
  { source, id, token }: ClaimRef,
  retention: Span,
): boolean => connection.run(COMPLETE, endOf(retention), source, id, token) > 0

export const releaseClaim = (connection: Connection, { source, id, token }: ClaimRef): boolean =>
  connection.run(RELEASE, source, id, token) > 0

export const pruneClaims = (connection: Connection, now: number, limit: number): number =>
  connection.run(PRUNE, now, now - ABANDONED_AFTER_MS, limit)
