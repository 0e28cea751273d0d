import { WebhookError } from '@posthorn/schema'
import type { Page } from '@posthorn/sender'

/** Which list a cursor belongs to; one is no good for another. */
export type CursorKind = 'deliveries' | 'events' | 'history' | 'endpoints'

/** The `seq` of the last row of the page before. */
export function startOf(kind: CursorKind, cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const [, found, seq] = /^([a-z]+):(\d{1,15})$/.exec(cursor) ?? []
  if (found === kind) return Number(seq)
  throw new WebhookError('invalid_argument', 'The cursor is not one that this list gave.')
}

/** `seqs` are one more than the page holds when there is a further page. */
export function pageOf<Item>(
  kind: CursorKind,
  seqs: readonly number[],
  limit: number,
  read: (seq: number) => Item | undefined,
): Page<Item> {
  const shown = seqs.slice(0, limit)
  const last = shown.at(-1)
  const items = shown.map(read).filter((item) => item !== undefined)
  const more = seqs.length > limit && last !== undefined
  return { items, ...(more ? { cursor: `${kind}:${last}` } : {}) }
}
