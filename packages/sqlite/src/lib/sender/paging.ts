import { WebhookError } from '@posthorn/schema'
import type { Page } from '@posthorn/sender'
import type { Row } from '../values'

/** Which list a cursor belongs to; one is no good for another. */
export type CursorKind = 'deliveries' | 'events' | 'history' | 'endpoints'

export const cursorOf = (kind: CursorKind, seq: number): string => `${kind}:${seq}`

/** The `seq` of the last row of the page before. */
export function startOf(kind: CursorKind, cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const [, found, seq] = /^([a-z]+):(\d{1,15})$/.exec(cursor) ?? []
  if (found === kind) return Number(seq)
  throw new WebhookError('invalid_argument', 'The cursor is not one that this list gave.')
}

/** `rows` are one more than the page holds when there is a further page. */
export function pageOf<Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  toCursor: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items: shown.map(toItem), ...(more ? { cursor: toCursor(last) } : {}) }
}
