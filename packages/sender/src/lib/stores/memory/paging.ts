import { WebhookError } from '@posthorn/schema'
import type { Page } from '../../ports/endpoint-store'

/** Which list a cursor belongs to; one is no good for another. */
export type CursorKind = 'deliveries' | 'events' | 'history' | 'endpoints'

export interface PageRequest {
  readonly limit: number
  readonly cursor?: string
}

/** Rows in the order they are read, cut after the cursor and at the limit. `seq` must go one way only. */
export function pageOf<Row extends { readonly seq: number }, Item>(
  kind: CursorKind,
  rows: Iterable<Row>,
  request: PageRequest,
  plan: { readonly newestFirst: boolean; wants(row: Row): boolean; toItem(row: Row): Item },
): Page<Item> {
  const from = request.cursor === undefined ? undefined : parseCursor(kind, request.cursor)
  const found: Row[] = []
  for (const row of rows) {
    if (from !== undefined && (plan.newestFirst ? row.seq >= from : row.seq <= from)) continue
    if (plan.wants(row)) found.push(row)
    if (found.length > request.limit) break
  }
  const items = found.slice(0, request.limit)
  const last = items.at(-1)
  const more = found.length > request.limit && last !== undefined
  return { items: items.map(plan.toItem), ...(more ? { cursor: `${kind}:${last.seq}` } : {}) }
}

export function* newestFirst<Row>(rows: readonly Row[]): Generator<Row> {
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index]
    if (row !== undefined) yield row
  }
}

function parseCursor(kind: CursorKind, cursor: string): number {
  const [, found, seq] = /^([a-z]+):(\d{1,15})$/.exec(cursor) ?? []
  if (found !== kind) {
    throw new WebhookError('invalid_argument', 'The cursor is not one that this list gave.')
  }
  return Number(seq)
}
